"""Names of the images; compilation replaces them by the digests of `images/images.lock`."""

DATA = "rlvr-data"
"""Ingest, verify, report: no torch."""
TRAIN = "rlvr-train"
"""Base, SFT, GRPO: torch, transformers, DeepSpeed."""
EVALUATE = "rlvr-evaluate"
"""Evaluation."""
NAMES = (DATA, TRAIN, EVALUATE)
"""What every pipeline needs."""
LMMS_EVAL = "rlvr-lmms-eval"
"""The optional cross-check: lmms-eval with its own dependencies."""
