"""Figures: data in, plotly figures and pictures out; nothing of the method is computed here."""

from depara_core.figures import attribution_maps, curves, matrices, probe_graphs, rank_density, theme, trees

__all__ = ["attribution_maps", "curves", "matrices", "probe_graphs", "rank_density", "theme", "trees"]
