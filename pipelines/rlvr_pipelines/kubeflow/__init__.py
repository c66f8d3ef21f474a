"""Talking to Kubeflow Pipelines: versioned upload, runs, waiting, and declarative schedules."""
