"""The page Layers and its parts."""
