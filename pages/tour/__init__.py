"""The page Tour and its parts."""
