"""The page Models and its parts."""
