"""Which rows a step trains on: one file a sampler, `make_sampler` chooses by the settings."""

from rlvr.rl.samplers.make import make_sampler
from rlvr.rl.samplers.sampler import Outcome, Probe, RowSampler
from rlvr.rl.samplers.uniform import UniformSampler, steps_of

__all__ = ["Outcome", "Probe", "RowSampler", "UniformSampler", "make_sampler", "steps_of"]
