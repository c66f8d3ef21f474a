"""Estimated seconds of a training step of the busiest process."""

import math

from rlvr.plan.assumptions import Assumptions
from rlvr.plan.gpu import Gpu
from rlvr.plan.shape import Shape
from rlvr.plan.step_size import StepSize, Trained, learner
from rlvr.plan.work import Seconds, decoding_seconds, forward, pass_seconds, vision_forward
from rlvr.training import Grpo, Scale


def step_seconds(
    stage: Trained, shape: Shape, step: StepSize, gpu: Gpu, scale: Scale, assumed: Assumptions, precision: int
) -> Seconds:
    """Drawing and learning; without judges, rewards, data and communication."""
    grpo, processes = isinstance(stage, Grpo), scale.processes * scale.nodes
    groups = math.ceil(step.rows / processes)
    length = step.length * (assumed.mean_length if step.new else 1.0)
    once = forward(shape, step.prompt, step.size, length, copies=step.reads, look=True)
    settings = learner(stage)
    unseen = settings.freeze_vision or settings.lora is not None
    seen = step.reads * vision_forward(shape, step.prompt) if unseen else 0.0
    passes = 1.0 + (1.0 if scale.gradient_checkpointing else 0.0)
    backward = (1.0 if settings.lora else 2.0) * (once - seen)
    operations = passes * once + backward
    if isinstance(stage, Grpo):
        operations *= stage.passes_per_step
        operations += once if stage.loss.kl_weight and stage.loss.reference != "current" else 0.0
    update = pass_seconds(groups * operations, gpu, assumed)
    if not grpo or step.drawn is None:
        return Seconds(update=update)
    read = step.mine * forward(shape, step.prompt, 0, 0, copies=1 if step.packed else step.size, look=True)
    each = decoding_seconds(shape, step.prompt, step.drawn.prompts, step.drawn.rows, step.new, gpu, assumed, precision)
    return Seconds(rollout=pass_seconds(read, gpu, assumed) + step.drawn.batches * each, update=update)
