"""Graphs and features of many models, with store, progress and cancelling: what pages and commands call."""
