"""Referring expressions: a box for what a sentence describes."""

from dataclasses import replace

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import lisa_grounding, refcoco_plus_val, refcoco_val, refcocog_val, refgta
from rlvr.benchmarks.benchmark import Benchmark, untuned
from rlvr.datasets import refcoco
from rlvr.method import Departure, Method, Reward, Task
from rlvr.rewards import referring_format, referring_iou
from rlvr.training import Lora
from rlvr_pipelines.methods.vlm_r1.shared import COMMON, GRPO, SMALL, SMALL_PICTURES, published

REFERRING = Task(
    name="referring",
    source=refcoco.TRAIN,
    prompt=refcoco_val.PROMPT,
    rewards=(Reward(function=referring_iou.soft), Reward(function=referring_format.in_braces)),
)


def _referring(benchmark: Benchmark, base: float, sft: float, tuned: float, rows: int | None = 2000) -> Benchmark:
    """The benchmark with the paper's scores at steps 0 and 600."""
    scores = ((SMALL, "base", base), ("the same, SFT, 600 steps", "sft", sft), ("VLM-R1 3B, 600 steps", "tuned", tuned))
    printed = tuple(replace(one, rows=rows) for one in published("referring expressions by step", *scores))
    return replace(benchmark, published=printed)


REFERRING_BENCHMARKS = (
    _referring(refcoco_val.BENCHMARK, 88.7, 88.7, 90.55),
    _referring(refcoco_plus_val.BENCHMARK, 81.95, 82.25, 84.3),
    _referring(refcocog_val.BENCHMARK, 86.05, 85.95, 87.1),
    _referring(lisa_grounding.BENCHMARK, 56.51, 54.82, 63.14, rows=None),
    refgta.BENCHMARK,
)

METHOD = Method(
    name="vlm_r1",
    title="VLM-R1 (referring expressions)",
    summary=(
        "GRPO without a cold start on boxes for referring expressions. The paper reports LISA-Grounding, which needs "
        "reasoning, going from 56.5 to 63.1 per cent, where fine-tuning on the same rows falls to 54.8."
    ),
    paper="arXiv 2504.07615",
    code="om-ai-lab/VLM-R1@90052f4",
    licence="Apache-2.0",
    backbone=Backbone(
        hub_id="Qwen/Qwen2.5-VL-3B-Instruct",
        revision="66285546d2b821cf421d4f5eb2576359d3770cd3",
        architecture="qwen2_5_vl",
        licence="Qwen Research License",
    ),
    tasks=(REFERRING,),
    stages=(GRPO,),
    benchmarks=REFERRING_BENCHMARKS,
    departures=(
        *COMMON,
        SMALL_PICTURES,
        Departure(
            name="first_box",
            text=(
                "The reward pays for the first box of the first answer wherever it stands, and boxes that overlap by "
                "one pixel count as apart, as upstream; the variant rec_strict reads one JSON box alone."
            ),
        ),
        Departure(
            name="base_script",
            text=(
                "Upstream scores models before training with another prompt and another rule (the first box of any "
                "numbers); here base and tuned model are asked and scored alike."
            ),
        ),
        Departure(
            name="whole_sets",
            text="Upstream scores 2,000 rows of each set after a shuffle with seed 42; here every row is scored.",
        ),
    ),
)

STRICT = replace(
    METHOD,
    name="vlm_r1/rec_strict",
    title="VLM-R1 (referring expressions, strict reward)",
    summary="Not published: as `vlm_r1` with a reward that reads one JSON box alone.",
    tasks=(replace(REFERRING, rewards=(Reward(function=referring_iou.strict), *REFERRING.rewards[1:])),),
    benchmarks=untuned(METHOD.benchmarks),
)

FIRST_RELEASE = replace(
    METHOD,
    name="vlm_r1/rec_v0_1",
    title="VLM-R1 (referring expressions, v0.1.0)",
    code="om-ai-lab/VLM-R1@a301eb2",
    tasks=(
        replace(
            REFERRING,
            rewards=(Reward(function=referring_iou.hard), Reward(function=referring_format.in_braces_fullmatch)),
        ),
    ),
    stages=(
        replace(
            GRPO,
            sampling=replace(GRPO.sampling, max_new_tokens=256),
            citations={
                **GRPO.citations,
                "sampling.max_new_tokens": "TRL default 256, unset in the scripts@a301eb2",
            },
        ),
    ),
)

LORA = replace(
    METHOD,
    name="vlm_r1/rec_lora",
    title="VLM-R1 (referring expressions, LoRA)",
    summary="As `vlm_r1` with adapters on the language model alone; no figures of it are published.",
    benchmarks=untuned(METHOD.benchmarks),
    stages=(
        replace(
            GRPO,
            optimiser=replace(GRPO.optimiser, learning_rate=1e-5),
            lora=Lora(rank=64, alpha=128.0),
            freeze_vision=True,
            citations={
                **GRPO.citations,
                "optimiser.learning_rate": "run_grpo_rec_lora.sh@90052f4",
                "lora.rank": "run_grpo_rec_lora.sh@90052f4",
                "lora.alpha": "run_grpo_rec_lora.sh@90052f4",
                "lora.targets": "run_grpo_rec_lora.sh@90052f4: every linear layer outside the vision tower",
                "freeze_vision": "run_grpo_rec_lora.sh@90052f4",
            },
        ),
    ),
    departures=(
        *METHOD.departures,
        Departure(
            name="lora_dropout",
            text=(
                "Upstream drops 5 per cent of the adapters' inputs in training; here nothing is dropped, so that "
                "sampled and trained policy are the same."
            ),
        ),
    ),
)

INTERNVL = replace(
    METHOD,
    name="vlm_r1/rec_internvl",
    title="VLM-R1 (referring expressions, InternVL)",
    backbone=Backbone(
        hub_id="OpenGVLab/InternVL2_5-4B-MPO-hf",
        revision=None,
        architecture="internvl",
        licence="MIT (with Qwen2.5's Qwen Research License for the language model)",
    ),
    tasks=(
        replace(
            REFERRING,
            source=refcoco.TRAIN_PER_MILLE,
            rewards=(Reward(function=referring_iou.per_mille), Reward(function=referring_format.bare)),
        ),
    ),
    benchmarks=(refcoco_val.PER_MILLE,),
    departures=(
        *COMMON,
        Departure(
            name="converted_checkpoint",
            text=(
                "Upstream loads the checkpoint with its own code; here it is the conversion to transformers' "
                "classes, whose commit has not been established."
            ),
        ),
    ),
)
