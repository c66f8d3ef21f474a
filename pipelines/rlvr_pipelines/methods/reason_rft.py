"""Reason-RFT (2503.20752): a cold start on 1,600 chains of thought, then GRPO; three visual tasks, 2B and 7B.

Code: tanhuajie/Reason-RFT @ d0a8070

Reproduce on a laptop:  rlvr run reason_rft
"""

from dataclasses import replace

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import clevr_math as clevr_math_test
from rlvr.benchmarks import geo_math as geo_math_test
from rlvr.benchmarks import geometry3k_reason_rft, super_clevr, trance_left, trance_right
from rlvr.benchmarks import trance as trance_test
from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.benchmarks.reason_rft_sampling import PRINTED
from rlvr.data.source import Source
from rlvr.datasets import clevr_math, geo_math, trance
from rlvr.method import Departure, Method, Reward, Task
from rlvr.prompts import Prompt
from rlvr.rewards import exact_answer, function_sequence, think_format
from rlvr.training import Advantage, Grpo, Loss, Optimiser, Sampling, Sft

FORMAT = Reward(function=think_format.fullmatch)
FUNCTIONS = (Reward(function=function_sequence.only_full), FORMAT)
ANSWER = (Reward(function=exact_answer.accuracy), FORMAT)


def tasks(cold_start: Source, remaining: Source, prompt: Prompt, rewards: tuple[Reward, ...]) -> tuple[Task, ...]:
    """The rows of stage 1 and those of stage 2."""
    return (
        Task(name="cold_start", source=cold_start, prompt=prompt, rewards=rewards),
        Task(name="reasoning", source=remaining, prompt=prompt, rewards=rewards),
    )


SFT = Sft(
    tasks=("cold_start",),
    epochs=1.0,
    batch_size=16,
    optimiser=Optimiser(learning_rate=1e-5, schedule="cosine", warmup_fraction=1.0, weight_decay=0.1),
    freeze_vision=True,
    checkpoint_every=200,
    citations={
        "epochs": "scripts@d0a8070",
        "batch_size": "scripts@d0a8070: 1 a GPU x accumulation 2 x 8 GPUs",
        "optimiser.learning_rate": "scripts@d0a8070",
        "optimiser.schedule": "scripts@d0a8070",
        "optimiser.warmup_fraction": "scripts@d0a8070: 100 warm-up steps, and 1,600 rows are 100 steps of 16",
        "optimiser.weight_decay": "scripts@d0a8070",
        "freeze_vision": "hparams/finetuning_args.py@d0a8070: defaults of LLaMA-Factory that no script overrides "
        "freeze vision tower and projector, so that only the language model is trained",
        "checkpoint_every": "scripts@d0a8070",
    },
)

GRPO = Grpo(
    tasks=("reasoning",),
    group_size=8,
    prompts_per_step=14,
    epochs=1.0,
    sampling=Sampling(temperature=0.9, top_p=0.9, top_k=50, max_new_tokens=512),
    optimiser=Optimiser(learning_rate=1e-6, schedule="linear"),
    advantage=Advantage(baseline="group_mean", scale="group_std", epsilon=1e-4, ddof=1),
    loss=Loss(objective="ratio_one", kl_weight=0.04),
    max_prompt_tokens=4096,
    min_pixels=3136,
    max_pixels=480_000,
    checkpoint_every=100,
    citations={
        "group_size": "scripts@d0a8070",
        "prompts_per_step": "scripts@d0a8070: 1 prompt a GPU x 7 training GPUs x accumulation 2",
        "epochs": "scripts@d0a8070: 1 for counting and TRANCE",
        "sampling.temperature": "TRL 0.15 default 0.9, unset in the scripts (survey and paper say 1.0)",
        "sampling.top_p": "mm_grpo_trainer.py@d0a8070",
        "sampling.top_k": "mm_grpo_trainer.py@d0a8070",
        "sampling.max_new_tokens": "scripts@d0a8070",
        "optimiser.learning_rate": "TRL 0.15 default, unset in the scripts",
        "optimiser.schedule": "TRL 0.15 default: linear without warm-up",
        "advantage.epsilon": "mm_grpo_trainer.py@d0a8070",
        "advantage.ddof": "mm_grpo_trainer.py@d0a8070: torch's unbiased std",
        "loss.objective": "mm_grpo_trainer.py@d0a8070: ratio identically 1, no clip (the survey says PPO loss)",
        "loss.kl_weight": "TRL 0.15 default 0.04; k3 against the frozen model of stage 1",
        "max_prompt_tokens": "scripts@d0a8070 (upstream cuts longer prompts from the left)",
        "min_pixels": "scripts@d0a8070",
        "max_pixels": "scripts@d0a8070",
        "checkpoint_every": "scripts@d0a8070",
    },
)


def printed(benchmark: Benchmark, size: str, scores: dict[str, float]) -> Benchmark:
    """The benchmark with the paper's numbers for one model size."""
    roles = {"zero-shot": "base", "ANS-SFT": "sft", "CoT-SFT": "sft", "Reason-RFT-Zero": "tuned", "Reason-RFT": "tuned"}
    published = tuple(
        Published(
            model=f"Qwen2-VL-{size} {setting}",
            role=roles[setting],
            score_percent=score,
            rows=benchmark.source.published_rows,
            source=PRINTED,
        )
        for setting, score in scores.items()
    )
    return replace(benchmark, published=published)


def row(*scores: float) -> dict[str, float]:
    """A column of the results table, from zero-shot to Reason-RFT."""
    return dict(zip(("zero-shot", "ANS-SFT", "CoT-SFT", "Reason-RFT-Zero", "Reason-RFT"), scores, strict=True))


def of(benchmarks: tuple[Benchmark, ...], *settings: str) -> tuple[Benchmark, ...]:
    """The benchmarks with the figures of zero-shot and of the named settings alone."""
    kept = ("zero-shot", *settings)
    return tuple(
        replace(
            benchmark,
            published=tuple(number for number in benchmark.published if number.model.partition(" ")[2] in kept),
        )
        for benchmark in benchmarks
    )


SETTINGS = ("ANS-SFT", "CoT-SFT", "Reason-RFT")
"""What the variants with a cold start are compared with, and their own figure."""

SPATIAL_2B = (
    printed(trance_test.BENCHMARK, "2B", row(3.78, 77.39, 64.37, 42.13, 74.61)),
    printed(trance_left.BENCHMARK, "2B", row(4.60, 49.24, 43.19, 34.07, 64.05)),
    printed(trance_right.BENCHMARK, "2B", row(4.67, 50.33, 42.86, 33.41, 64.08)),
)
SPATIAL_7B = (
    printed(trance_test.BENCHMARK, "7B", row(13.53, 82.19, 81.31, 67.67, 79.97)),
    printed(trance_left.BENCHMARK, "7B", row(12.72, 54.29, 47.90, 57.20, 59.36)),
    printed(trance_right.BENCHMARK, "7B", row(12.78, 54.83, 47.80, 56.15, 58.61)),
)
COUNTING_2B = (
    printed(clevr_math_test.BENCHMARK, "2B", row(82.40, 96.20, 85.50, 98.40, 96.80)),
    printed(super_clevr.BENCHMARK, "2B", row(42.67, 51.07, 49.73, 58.00, 60.00)),
)
COUNTING_7B = (
    printed(clevr_math_test.BENCHMARK, "7B", row(98.60, 95.00, 87.30, 99.40, 95.60)),
    printed(super_clevr.BENCHMARK, "7B", row(54.53, 42.53, 45.33, 63.60, 56.13)),
)
STRUCTURE_2B = (
    printed(geo_math_test.BENCHMARK, "2B", row(25.86, 51.34, 43.05, 47.68, 49.03)),
    printed(geometry3k_reason_rft.BENCHMARK, "2B", row(20.63, 22.50, 25.25, 32.50, 33.13)),
)
STRUCTURE_7B = (
    printed(geo_math_test.BENCHMARK, "7B", row(43.30, 51.34, 50.49, 55.00, 59.27)),
    printed(geometry3k_reason_rft.BENCHMARK, "7B", row(43.88, 25.38, 33.00, 54.75, 49.25)),
)

METHOD = Method(
    name="reason_rft",
    title="Reason-RFT (spatial transformation)",
    summary=(
        "A cold start on 1,600 distilled chains of thought and GRPO on the rest, to name the changes between two "
        "pictures of a scene; the authors claim about 70 per cent of RL-only's final score with 3 per cent of the data."
    ),
    paper="arXiv 2503.20752",
    code="tanhuajie/Reason-RFT@d0a8070",
    licence="Apache-2.0",
    backbone=Backbone(
        hub_id="Qwen/Qwen2-VL-2B-Instruct",
        revision="895c3a49bc3fa70a340399125c650a463535e71c",
        architecture="qwen2_vl",
        licence="Apache-2.0",
    ),
    tasks=tasks(trance.COLD_START, trance.TRAIN, trance_test.PROMPT, FUNCTIONS),
    stages=(SFT, GRPO),
    benchmarks=of(SPATIAL_2B, *SETTINGS),
    departures=(
        Departure(
            name="cold_start_rows",
            text=(
                "Which 1,600 rows stage 1 took is not published; ours are the first of the file, and stage 2 trains "
                "on the rest of it (for geometry on all of it again, as upstream)."
            ),
        ),
        Departure(
            name="several_prompts_a_device",
            text=(
                "With more than one prompt a device upstream pairs rewards with wrong prompts, so it stays at one; "
                "here every reward meets its own prompt at any batch size."
            ),
        ),
        Departure(
            name="long_prompts_refused",
            text=(
                "Upstream cuts prompts above 4,096 tokens from the left, pictures first; here such rows are refused "
                "by name."
            ),
        ),
        Departure(
            name="cold_start_pixels",
            text=(
                "LLaMA-Factory shrinks pictures to 512 x 512 pixels in stage 1 and RL to 480,000 pixels; here stage 1 "
                "takes pictures as the processor of the checkpoint does."
            ),
        ),
        Departure(
            name="tags_pay_less",
            text=(
                "The accuracy reward asks math-verify only where the answer tag is missing, so 5.0 for 5 pays without "
                "tags and not within; kept as it is (exact_answer.strict treats both alike)."
            ),
        ),
        Departure(
            name="tolerance_unused",
            text=(
                "The paper rewards geometry within a tolerance; upstream's last commit compares text exactly, and so "
                "do we (numeric_tolerance.tolerance is there, with a solution of 0 that nothing meets)."
            ),
        ),
        Departure(
            name="order_of_a_set",
            text=(
                "Partial credit for function sequences depends upstream on the order of a Python set, which changes "
                "from run to run; here functions are paired in the order of the text."
            ),
        ),
        Departure(
            name="symbolic_limits",
            text=(
                "math-verify runs with 2 seconds of processor time a pair, and texts above 65,536 characters are "
                "compared as strings alone."
            ),
        ),
        Departure(
            name="wording",
            text="The user text is our wording; tags, function names and closed lists of values are upstream's.",
        ),
        Departure(
            name="data_commit",
            text="The commit of the data set has not been established; a Hub read asks for one.",
        ),
    ),
)

VISUAL_COUNTING = replace(
    METHOD,
    name="reason_rft/visual_counting",
    title="Reason-RFT (visual counting)",
    summary="A cold start on 1,600 chains of thought and GRPO on the rest, to count and calculate in rendered scenes.",
    tasks=tasks(clevr_math.COLD_START, clevr_math.TRAIN, clevr_math_test.PROMPT, ANSWER),
    benchmarks=of(COUNTING_2B, *SETTINGS),
)

STRUCTURE_PERCEPTION = replace(
    METHOD,
    name="reason_rft/structure_perception",
    title="Reason-RFT (structure perception)",
    summary="A cold start on 1,600 chains of thought and GRPO on all 4,500 rows, to solve geometry problems.",
    tasks=tasks(geo_math.COLD_START, geo_math.TRAIN, geo_math_test.PROMPT, ANSWER),
    stages=(
        SFT,
        replace(
            GRPO,
            epochs=5.0,
            citations={**GRPO.citations, "epochs": "scripts@d0a8070: 5 (1 before pull request 21)"},
        ),
    ),
    benchmarks=of(STRUCTURE_2B, *SETTINGS),
)


def zero(method: Method, name: str, everything: Source, benchmarks: tuple[Benchmark, ...]) -> Method:
    """Reason-RFT-Zero: RL alone, on all rows."""
    task = replace(method.task("reasoning"), source=everything)
    title = method.title.replace("Reason-RFT", "Reason-RFT-Zero")
    return replace(
        method,
        name=name,
        title=title,
        summary="GRPO without a cold start on all training rows; the comparison that Reason-RFT is measured by.",
        tasks=(task,),
        stages=method.stages[1:],
        benchmarks=of(benchmarks, "Reason-RFT-Zero"),
    )


def seven_billion(method: Method, name: str, benchmarks: tuple[Benchmark, ...]) -> Method:
    """The same with Qwen2-VL-7B-Instruct."""
    backbone = replace(method.backbone, hub_id="Qwen/Qwen2-VL-7B-Instruct", revision=None)
    return replace(method, name=name, title=f"{method.title[:-1]}, 7B)", backbone=backbone, benchmarks=benchmarks)


ZERO = zero(METHOD, "reason_rft/zero", trance.ALL, SPATIAL_2B)

METHODS = (
    METHOD,
    VISUAL_COUNTING,
    STRUCTURE_PERCEPTION,
    ZERO,
    zero(VISUAL_COUNTING, "reason_rft/visual_counting_zero", clevr_math.ALL, COUNTING_2B),
    zero(STRUCTURE_PERCEPTION, "reason_rft/structure_perception_zero", geo_math.TRAIN, STRUCTURE_2B),
    seven_billion(METHOD, "reason_rft/7b", of(SPATIAL_7B, *SETTINGS)),
    seven_billion(VISUAL_COUNTING, "reason_rft/visual_counting_7b", of(COUNTING_7B, *SETTINGS)),
    seven_billion(STRUCTURE_PERCEPTION, "reason_rft/structure_perception_7b", of(STRUCTURE_7B, *SETTINGS)),
    seven_billion(ZERO, "reason_rft/zero_7b", of(SPATIAL_7B, "Reason-RFT-Zero")),
)
"""All variants, the principal one first."""
