"""The page Graphs and its parts."""
