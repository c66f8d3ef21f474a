"""The plan of evaluation: the benchmark whose generation needs most."""

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks.benchmark import Benchmark
from rlvr.plan.assumptions import Assumptions
from rlvr.plan.batch import generation, prompt_size
from rlvr.plan.machine import Machine
from rlvr.plan.overhead import PROCESS
from rlvr.plan.parameters import count
from rlvr.plan.rollout_memory import drawing
from rlvr.plan.shape import shape_of
from rlvr.plan.stage_plan import Item, StagePlan
from rlvr.plan.training import BYTES, whole_phase
from rlvr.training import Scale


def plan_evaluation(
    benchmark: Benchmark, backbone: Backbone, machine: Machine, batch: int, assumed: Assumptions
) -> StagePlan:
    """The plan of answering one benchmark on one GPU, `batch` rows at a time."""
    shape, precision = shape_of(backbone.hub_id), BYTES[backbone.precision]
    total = count(shape).total
    prompt = prompt_size(shape.vision, assumed, max_video_pixels=benchmark.max_video_pixels)
    new = benchmark.sampling.max_new_tokens
    limit = Scale().cache_tokens  # evaluation is cut by its batch
    drawn = generation(prompt.tokens, benchmark.samples, new, batch, limit, packed=shape.packed)
    weights = Item(label="weights", bytes=float(precision * total), how=f"{precision} bytes a parameter")
    items = (weights, *drawing(shape, prompt, drawn, new, precision))
    reading = Item(label="checkpoint passing", bytes=float(precision * total), how="read before it goes to the GPU")
    process = Item(label="process", bytes=PROCESS, how="6 GiB (estimate)")
    return StagePlan(
        stage=benchmark.name, kind="evaluate", hub_id=backbone.hub_id, parameters=total, trained=0, gpu=machine.gpu,
        processes=1, nodes=1, phases=(whole_phase("answering", items, 1),),
        host_items=(reading, process), host_limit=machine.host_bytes,
        disk_items=(Item(label="model", bytes=float(precision * total), how="the checkpoint that answers"),),
        facts=(
            ("prompt", f"{prompt.tokens:,} tokens, {prompt.tokens_of_pictures:,} of them pictures or video"),
            ("batch", f"{drawn.prompts} prompts, {drawn.rows} replies of {new:,} tokens at a time"),
        ),
        obstacle="" if machine.gpus else "Evaluation needs a GPU, and the profile asks for none.",
    )  # fmt: skip
