"""Figures: data in, plotly figures and pictures out; nothing of the method is computed here."""

from depara_core.figures import curves, heatmaps, matrices, networks, ranks, theme, trees

__all__ = ["curves", "heatmaps", "matrices", "networks", "ranks", "theme", "trees"]
