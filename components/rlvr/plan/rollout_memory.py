"""Memory of drawing completions."""

from rlvr.plan.activations import embedded, language_tokens, pixels, projected, vision_patches
from rlvr.plan.batch import Generation, PromptSize
from rlvr.plan.cache import choosing, keys_and_values, reading
from rlvr.plan.gpu import GIB, Gpu
from rlvr.plan.parameters import projector_in_tower
from rlvr.plan.shape import Shape
from rlvr.plan.stage_plan import Item
from rlvr.plan.step_size import StepSize, Trained
from rlvr.training import Grpo, Scale

VLLM_SHARE = 0.3
"""Share of the GPU that vLLM takes while it is awake (`rlvr.rl.vllm_rollout`)."""


def drawing(shape: Shape, prompt: PromptSize, drawn: Generation, new: int, precision: int) -> tuple[Item, ...]:
    """Of the engine's own generation: reading the prompts of a batch, or then drawing, whichever needs more."""
    together = f"{drawn.prompts} prompts and {drawn.rows} completions of {new:,} tokens at a time"
    read = reading(shape, prompt, drawn.prompts, precision)
    keys = keys_and_values(shape, drawn, prompt.tokens, new, precision)
    logits = choosing(shape.language, drawn.rows)
    if read > keys + logits:
        return (
            Item(label="reading prompts", bytes=read, how=f"one pass over {drawn.prompts} prompts and their pictures"),
        )
    return (
        Item(label="keys and values", bytes=keys, how=together),
        Item(label="choosing tokens", bytes=logits, how=f"logits and probabilities of {drawn.rows} completions"),
    )


def vllm(gpu: Gpu) -> tuple[Item, ...]:
    """Of vLLM in the same process."""
    return (Item(label="vLLM", bytes=VLLM_SHARE * gpu.memory * GIB, how="30 % of the GPU, weights and cache together"),)


def carried_over(stage: Trained, shape: Shape, step: StepSize, scale: Scale, precision: int) -> tuple[Item, ...]:
    """What a rollout leaves for the update: pictures seen once, or the whole pass over the prompts with its graph."""
    if not isinstance(stage, Grpo) or not shape.packed or scale.zero_stage:
        return ()
    items = []
    unchanged = stage.lora is not None or (stage.freeze_vision and projector_in_tower(shape.vision))
    if unchanged and stage.loss.reference != "synchronised":
        size = 2.0 * step.mine * step.prompt.patches / 4 * precision * shape.language.hidden
        items.append(Item(label="seen pictures", bytes=size, how="features of a step's pictures, seen once"))
    once = scale.processes * scale.nodes == 1 and stage.updates_per_step == 1 and not scale.gradient_checkpointing
    single = not (stage.replay or stage.online_filter or stage.partial_rollouts or stage.refinement)
    if once and single and stage.prompts_per_step * step.group <= scale.micro_batch_tokens:
        language = language_tokens(shape.language, precision).layers + embedded(shape.language, precision)
        tower = 0.0 if unchanged else vision_patches(shape.vision, precision).layers + pixels(shape.vision, precision)
        tower += projected(shape.vision, shape.language, precision) / 4
        size = stage.prompts_per_step * (step.prompt.tokens * language + step.prompt.patches * tower)
        items.append(Item(label="read prompts", bytes=size, how="activations of the prompts, kept for the update"))
    return tuple(items)
