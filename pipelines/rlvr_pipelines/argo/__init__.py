"""A compiled pipeline as resources of Argo Workflows, for clusters without Kubeflow."""
