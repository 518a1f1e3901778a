"""The page Panorama and its parts."""
