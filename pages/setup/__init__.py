"""The page Setup and its parts."""
