"""The report page and its drawings."""
