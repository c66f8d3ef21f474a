"""Rows, where they come from, and the checks they pass."""
