"""Base models: published checkpoints and tiny offline stand-ins."""
