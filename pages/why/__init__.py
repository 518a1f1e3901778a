"""The page Why and its parts."""
