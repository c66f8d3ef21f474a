"""Scores, intervals and paired differences."""
