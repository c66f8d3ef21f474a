"""A run as small as it gets: a tiny base after 12 warm-up steps, 24 synthetic rows, groups of four."""

SMALL = {
    "backbone.location": "tiny",
    "backbone.precision": "float32",
    "backbone.tiny.hidden_size": 64,
    "backbone.tiny.layers": 2,
    "backbone.tiny.vision_size": 32,
    "backbone.tiny.warmup_steps": 12,
    "backbone.tiny.warmup_batch": 16,
    "backbone.tiny.warmup_rows": 64,
    "tasks.*.source.location": "synthetic",
    "tasks.*.source.limit": 24,
    "stages.*.group_size": 4,
    "stages.*.optimiser.learning_rate": 1e-3,
    "stages.*.min_pixels": 784,
    "stages.*.loss.reference_sync_steps": 3,
}
"""By path, for `rlvr.overrides.apply`; each user says how many steps, rows to test on, and tokens."""
