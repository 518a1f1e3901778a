"""The page Attributions and its parts."""
