"""The page Zoo and its parts."""
