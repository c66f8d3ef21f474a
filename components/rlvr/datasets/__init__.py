"""Data sources, one file a published data set."""
