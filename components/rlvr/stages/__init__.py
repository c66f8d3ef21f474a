"""Kubeflow components: thin, typed, one file a stage. They hold no logic and import no torch."""
