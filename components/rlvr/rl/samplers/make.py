"""From settings to a sampler."""

from collections.abc import Sequence

from rlvr.data.rows import Row
from rlvr.rl.samplers.curriculum import CurriculumSampler
from rlvr.rl.samplers.prioritised import PrioritisedSampler
from rlvr.rl.samplers.sampler import RowSampler
from rlvr.rl.samplers.uniform import UniformSampler
from rlvr.rl.samplers.variance_aware import VarianceAwareSampler
from rlvr.training import Curriculum, Prioritised, Sampler, Uniform, VarianceAware


def make_sampler(settings: Sampler, rows: Sequence[Row], per_step: int, seed: int) -> RowSampler:
    """The sampler that `settings` describe, over `rows`, of which a step takes `per_step`."""
    match settings:
        case Curriculum():
            return CurriculumSampler(settings, rows, per_step, seed)
        case Prioritised():
            return PrioritisedSampler(settings, len(rows), per_step, seed)
        case VarianceAware():
            return VarianceAwareSampler(settings, len(rows), per_step, seed)
        case Uniform():
            return UniformSampler(rows=len(rows), per_step=per_step, seed=seed)
