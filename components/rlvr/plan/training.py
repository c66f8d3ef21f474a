"""Plans of training stages."""

from rlvr.backbones.backbone import Backbone
from rlvr.plan.assumptions import Assumptions
from rlvr.plan.gpu import GIB
from rlvr.plan.host import files, node_memory
from rlvr.plan.machine import Machine
from rlvr.plan.overhead import framework
from rlvr.plan.parameters import count, trained
from rlvr.plan.resident import loading, named, resident
from rlvr.plan.rollout_memory import VLLM_SHARE, carried_over, drawing, vllm
from rlvr.plan.shape import Shape, shape_of
from rlvr.plan.stage_plan import Item, Phase, StagePlan
from rlvr.plan.states import states
from rlvr.plan.step_seconds import step_seconds
from rlvr.plan.step_size import StepSize, Trained, holds_reference, learner, step_size
from rlvr.plan.update_memory import activations
from rlvr.training import Grpo, Scale

BYTES = {"bfloat16": 2, "float32": 4}
"""Bytes of a weight by precision."""


def plan_training(
    stage: Trained, backbone: Backbone, machine: Machine, scale: Scale, assumed: Assumptions
) -> StagePlan:
    """The plan of one stage under `scale` on nodes of one kind."""
    shape, precision = shape_of(backbone.hub_id), BYTES[backbone.precision]
    settings, processes = learner(stage), scale.processes * scale.nodes
    parts = count(shape)
    learnt = trained(shape, freeze_vision=settings.freeze_vision, lora=settings.lora)
    total = parts.total + (learnt if settings.lora else 0)
    held = states(
        total=total, trained=learnt, largest=parts.embedding, precision=precision, scale=scale, processes=processes,
        reference=holds_reference(stage),
    )  # fmt: skip
    step = step_size(stage, shape, scale, assumed)
    frozen = settings.freeze_vision or settings.lora is not None
    again = scale.gradient_checkpointing
    learning = activations(shape, step, precision, again=again, frozen=frozen, lora=settings.lora)
    phases = {"update": (*resident(held), *named(held, "live", "buffers"), *learning)}
    phases["optimiser step"] = (*resident(held), *named(held, "step"))
    phases["loading"] = loading(total, precision, held, scale)
    if step.drawn:
        own = scale.rollout == "transformers"
        more = (
            (*named(held, "gathered"), *drawing(shape, step.prompt, step.drawn, step.new, precision))
            if own
            else vllm(machine.gpu)
        )
        kept = carried_over(stage, shape, step, scale, precision)
        phases = {"rollout": (*resident(held, learning=False), *more, *kept), **phases}
    synchronised = isinstance(stage, Grpo) and holds_reference(stage) and stage.loss.reference == "synchronised"
    host = node_memory(
        total=total, trained=learnt, precision=precision, here=scale.processes, everywhere=processes, scale=scale,
        held=held,
    )  # fmt: skip
    return StagePlan(
        stage=stage.name, kind=type(stage).__name__, hub_id=backbone.hub_id, parameters=parts.total, trained=learnt,
        gpu=machine.gpu, processes=processes, nodes=scale.nodes,
        phases=tuple(whole_phase(name, items, processes) for name, items in phases.items()),
        host_items=host, host_limit=machine.host_bytes,
        disk_items=files(
            total=total, trained=learnt, precision=precision, zero=scale.zero_stage > 0, synchronised=synchronised
        ),
        facts=_facts(stage, step, scale),
        seconds=step_seconds(stage, shape, step, machine.gpu, scale, assumed, precision),
        steps=getattr(settings, "steps", None),
        obstacle=_obstacle(shape, scale, machine, precision * total if step.drawn else 0),
    )  # fmt: skip


def whole_phase(name: str, items: tuple[Item, ...], processes: int) -> Phase:
    """A phase of the items that are not empty, with what the framework takes."""
    kept = tuple(item for item in items if item.bytes)
    return Phase(name=name, items=(*kept, framework(kept, processes)))


def _obstacle(shape: Shape, scale: Scale, machine: Machine, drawing_weights: float) -> str:
    """Why the engine refuses a setting whatever the memory."""
    processes = scale.processes * scale.nodes
    if not shape.packed and scale.zero_stage == 3 and processes > 1:
        return "ZeRO-3 refuses models that run as plain sequences when there are several processes; use stage 2."
    if scale.nodes > 1 and scale.job is None:
        return f"{scale.nodes} nodes need training to be launched as a TrainJob: [scale.job]."
    if scale.processes > machine.gpus:
        return f"{scale.processes} processes a node need as many GPUs, and the profile asks for {machine.gpus}."
    if scale.rollout == "vllm" and drawing_weights > VLLM_SHARE * machine.gpu.memory * GIB:
        return (
            f"vLLM gets 30 % of each GPU, {VLLM_SHARE * machine.gpu.memory:.1f} GiB, and its copy of the weights takes "
            f"{drawing_weights / GIB:.1f} GiB."
        )
    return ""


def _facts(stage: Trained, step: StepSize, scale: Scale) -> tuple[tuple[str, str], ...]:
    """Sizes of a step, for people."""
    pictures = step.prompt.tokens_of_pictures
    each = f"{step.together} responses each" if step.together > 1 else "one response each"
    prompts = "prompt" if step.groups == 1 else "prompts"
    own = "prompt" if step.mine == 1 else "prompts"
    facts = [
        ("prompt", f"{step.prompt.tokens:,} tokens, {pictures:,} of them pictures or video"),
        ("micro-batch", f"{step.tokens:,} packed tokens: {step.groups} {prompts}, {each}"),
    ]
    if isinstance(stage, Grpo):
        whole = step.rows * (step.prompt.tokens + step.size * step.new)
        facts.append(("step", f"{whole:,} tokens: {step.rows} prompts, {step.size} completions of {step.new:,} each"))
        facts.append(("busiest process", f"draws {step.mine * step.size:,} completions of {step.mine} {own}"))
    else:
        facts.append(("step", f"{step.rows * step.group:,} tokens: {step.rows} examples of {step.group:,}"))
    if step.part > scale.micro_batch_tokens:
        facts.append(("note", f"{step.part:,} tokens exceed micro_batch_tokens ({scale.micro_batch_tokens:,})"))
    elif step.together < step.size:
        facts.append(("note", f"a prompt's {step.size} responses are learnt from in {step.parts} passes"))
    return tuple(facts)
