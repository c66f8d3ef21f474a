"""Recurring runs as a file says them: read, compared with what Kubeflow has, and carried out."""
