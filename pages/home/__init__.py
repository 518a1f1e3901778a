"""The page Home and its parts."""
