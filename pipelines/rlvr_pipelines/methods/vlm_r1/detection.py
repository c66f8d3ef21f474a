"""Open-vocabulary detection: boxes for every instance of what descriptions name."""

from dataclasses import replace

from rlvr.benchmarks import coco_filtered, ovdeval, ovdeval_parts
from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import d3
from rlvr.method import Departure, Method, Reward, RewardFunction, Task
from rlvr.rewards import cosine_length, detection_map, detection_overlap, repetition, think_format
from rlvr_pipelines.methods.vlm_r1.referring import METHOD
from rlvr_pipelines.methods.vlm_r1.shared import COMMON, DETECTION_FRAME, GRPO, SMALL, SMALL_PICTURES, published

DETECTION = Task(
    name="detection",
    source=d3.TRAIN,
    prompt=ovdeval.PROMPT,
    rewards=(Reward(function=detection_map.answer_length), Reward(function=think_format.fullmatch)),
)

OVDEVAL = replace(
    ovdeval.BENCHMARK,
    published=published(
        "OVDEval overall, NMS-AP",
        (SMALL, "base", 25.46),
        ("the same, SFT", "sft", 26.5),
        ("VLM-R1 3B, odLength", "tuned", 31.01),
    ),
)

COCO_FILTERED = replace(
    coco_filtered.BENCHMARK,
    published=published(
        "COCO_filtered, mAP",
        (SMALL, "base", 14.2),
        ("the same, SFT", "sft", 18.5),
        ("VLM-R1 3B, odLength", "tuned", 21.1),
    ),
)

PICTURE_SCORES = Departure(
    name="picture_scores",
    text=(
        "Published detection figures pool the boxes of all pictures before they average precision, and so do the "
        "benchmarks here; rows gained and lost are counted by a score of each picture."
    ),
)

REPAIR_LIMIT = Departure(
    name="repair_limit",
    text=(
        "The repetition penalty repairs broken JSON up to 4,096 characters alone, because the repair takes quadratic "
        "time on some texts; longer ones count as plain text."
    ),
)

OVD = replace(
    METHOD,
    name="vlm_r1/ovd",
    title="VLM-R1 (open-vocabulary detection)",
    summary=(
        "GRPO without a cold start on detection by descriptions. The paper reports OVDEval going from 25.5 to 31.0 "
        "NMS-AP and COCO_filtered from 14.2 to 21.1 mAP, with a reward that discounts long lists."
    ),
    tasks=(DETECTION,),
    stages=(
        replace(
            GRPO,
            loss=replace(GRPO.loss, kl_weight=0.0),
            citations={
                **GRPO.citations,
                "epochs": "paper: 2 epochs, stated for referring expressions; the detection script is not published",
                "loss.kl_weight": "paper: 0 for detection",
            },
        ),
    ),
    benchmarks=(OVDEVAL, COCO_FILTERED, *ovdeval_parts.BENCHMARKS),
    departures=(*COMMON, SMALL_PICTURES, DETECTION_FRAME, PICTURE_SCORES),
)


def _benchmarks(model: str, scores: tuple[float | None, float | None]) -> tuple[Benchmark, ...]:
    """OVDEval and COCO_filtered with the base's figures and the variant's own, where one is printed."""
    found = []
    for benchmark, score in zip((OVDEVAL, COCO_FILTERED), scores, strict=True):
        base = next(number for number in benchmark.published if number.role == "base")
        own = () if score is None else (replace(base, model=model, role="tuned", score_percent=score),)
        found.append(replace(benchmark, published=(base, *own)))
    return tuple(found)


def _detection(
    name: str,
    title: str,
    *rewards: RewardFunction,
    departures: tuple[Departure, ...] = (),
    scores: tuple[float | None, float | None] = (None, None),
) -> Method:
    """The detection variant with other rewards before the format reward; `scores` are its own printed figures."""
    components = (*map(_component, rewards), DETECTION.rewards[-1])
    overall, filtered = scores
    reported = f"the paper reports {overall} NMS-AP on OVDEval and {filtered} mAP on COCO_filtered"
    known = "no figures of it are published" if overall is None else reported
    return replace(
        OVD,
        name=f"vlm_r1/{name}",
        title=f"VLM-R1 (detection, {title})",
        summary=f"Detection by descriptions with {title} as reward; {known}.",
        tasks=(replace(DETECTION, rewards=components),),
        benchmarks=_benchmarks(f"VLM-R1 3B, {title} as reward", scores),
        departures=(*OVD.departures, *departures),
    )


def _component(function: RewardFunction) -> Reward:
    return Reward(function=function)


OVD_MAP = _detection("ovd_map", "mAP", detection_map.answer, scores=(21.68, 11.8))
OVD_AP50 = _detection("ovd_ap50", "AP at IoU 0.5", detection_map.answer_at_50, scores=(21.46, 11.4))
OVD_WEIGHTED = _detection(
    "ovd_weighted_sum",
    "overlap, length and repetition",
    detection_overlap.weighted_sum,
    cosine_length.cosine,
    repetition.penalty,
    departures=(REPAIR_LIMIT,),
)
OVD_STRICT = _detection("ovd_strict", "strict reward", detection_map.strict)
