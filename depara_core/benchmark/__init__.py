"""Measured transfer: tables of it, the scores of every metric on every pair, and what they are worth."""
