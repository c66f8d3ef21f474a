"""A second opinion: lmms-eval on the same checkpoint, as far as its benchmarks are ours and rules score them."""
