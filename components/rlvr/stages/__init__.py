"""Kubeflow components: thin, typed, one file a stage."""
