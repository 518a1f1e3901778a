"""The page Evaluate and its parts."""
