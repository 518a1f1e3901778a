"""The page Choose and its parts."""
