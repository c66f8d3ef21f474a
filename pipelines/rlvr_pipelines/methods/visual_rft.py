"""Visual-RFT (arXiv 2503.01785): few-shot detection, classification and reasoning grounding with 2B and 7B parameters.

Liuziyu77/Visual-RFT @ 9486633.  Reproduce on a laptop:  rlvr run visual_rft

| variant | trains on | published rows |
|---|---|---|
| `visual_rft`, `coco_7b` | COCO, 8 categories x 4 shots | laolao77/ViRFT_COCO_8_cate_4_shot |
| `coco_1_shot`, `_2_shot`, `_8_shot`, `_16_shot` | the same with other numbers of shots | none: a folder of yours |
| `coco_full`, `open_vocabulary`, `open_vocabulary_7b` | COCO; its 65 base categories | ViRFT_COCO, ViRFT_COCO_base65 |
| `lvis`, `lvis_7b` | LVIS, 6 rare categories | ViRFT_LVIS_few_shot |
| `classification`, `aircraft`, `cars`, `pets` | fine-grained classes x 4 shots | ViRFT_CLS_* |
| `classification_1_shot` ... `_16_shot` | flowers with other numbers of shots | none: a folder of yours |
| `lisa`, `lisa_7b` | reasoning grounding on ReasonSeg | LISA's own folder |
| `strict`, `classification_strict`, `lisa_strict` | as their namesakes, with rewards that cannot be gamed | |
"""

from dataclasses import replace

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import coco_detection, fine_grained, lvis_detection, reason_seg
from rlvr.benchmarks.benchmark import Benchmark, Published, untuned
from rlvr.data.source import Source
from rlvr.datasets import coco_val, lvis_val, virft_classification, virft_coco, virft_lvis
from rlvr.datasets import reason_seg as reason_seg_rows
from rlvr.method import Departure, Method, Reward, Task
from rlvr.prompts import Prompt
from rlvr.rewards import class_name, detection_confidence, detection_iou, grounding_giou, think_format
from rlvr.training import Advantage, Grpo, Loss, Optimiser, Sampling

FORMAT = Reward(function=think_format.fullmatch)

DETECTION = Task(
    name="detection",
    source=virft_coco.FEW_SHOT,
    prompt=coco_detection.PROMPT,
    rewards=(Reward(function=detection_iou.accuracy), Reward(function=detection_confidence.accuracy), FORMAT),
)

CLASSIFICATION = Task(
    name="classification",
    source=virft_classification.FLOWERS_4_SHOT,
    prompt=fine_grained.PROMPT,
    rewards=(Reward(function=class_name.accuracy), FORMAT),
)

GROUNDING = Task(
    name="grounding",
    source=reason_seg_rows.TRAIN,
    prompt=Prompt(template=reason_seg.TASK),
    rewards=(Reward(function=grounding_giou.accuracy), FORMAT),
)

GRPO = Grpo(
    group_size=8,
    prompts_per_step=16,
    steps=200,
    sampling=Sampling(temperature=1.0, top_k=50, max_new_tokens=256),
    optimiser=Optimiser(learning_rate=1e-6, schedule="linear"),
    advantage=Advantage(baseline="group_mean", scale="group_std", epsilon=1e-4, ddof=1),
    loss=Loss(objective="ratio_one", kl_weight=0.04),
    max_prompt_tokens=1024,
    min_pixels=3136,
    max_pixels=401_408,
    checkpoint_every=100,
    citations={
        "group_size": "training scripts@9486633: 8",
        "prompts_per_step": "training scripts@9486633: 1 prompt a GPU x accumulation 2 x 8 GPUs (the survey's 2 x 8)",
        "steps": "arXiv 2503.01785: 200 for few-shot detection, some 200 for classification (aircraft script: 1 epoch)",
        "sampling.temperature": "grpo_trainer.py@9486633: hard-coded 1",
        "sampling.top_k": "Hugging Face generation default, unset in the trainer",
        "sampling.max_new_tokens": "TRL 0.14 default, unset in the scripts",
        "optimiser.learning_rate": "TRL 0.14 default, unset in the scripts",
        "optimiser.schedule": "TRL 0.14 default: linear without warm-up",
        "advantage.epsilon": "grpo_trainer.py@9486633",
        "advantage.ddof": "grpo_trainer.py@9486633: torch's unbiased std",
        "loss.objective": "grpo_trainer.py@9486633 (R1-V's file): ratio identically 1, no clip, one inner iteration",
        "loss.kl_weight": "TRL 0.14 default, unset in the scripts; k3 against the frozen initial model",
        "max_prompt_tokens": "training scripts@9486633",
        "min_pixels": "training scripts@9486633",
        "max_pixels": "training scripts@9486633",
        "checkpoint_every": "unpublished but for LISA (50); ours: 100, because few-shot runs take 200 steps",
    },
)


def epochs(number: float, citation: str, checkpoint_every: int = 100) -> Grpo:
    """The same training, measured in passes over the rows."""
    citations = {name: text for name, text in GRPO.citations.items() if name != "steps"} | {"epochs": citation}
    if checkpoint_every != GRPO.checkpoint_every:
        citations["checkpoint_every"] = "grounding script@9486633: 50"
    return replace(GRPO, steps=None, epochs=number, checkpoint_every=checkpoint_every, citations=citations)


def published(benchmark: Benchmark, source: str, **score_percent: float) -> Benchmark:
    """`benchmark` with the paper's figures of the three roles; `source` says where and for what."""
    size, _, place = source.partition(" ")
    names = {
        "base": f"Qwen2-VL-{size}-Instruct",
        "sft": f"Qwen2-VL-{size}, supervised",
        "tuned": f"Visual-RFT {size}",
    }
    rows = benchmark.source.published_rows
    figures = tuple(
        Published(model=names[role], role=role, score_percent=score, rows=rows, source=f"arXiv 2503.01785, {place}")
        for role, score in score_percent.items()
    )
    return replace(benchmark, published=figures)


QWEN_2B = Backbone(
    hub_id="Qwen/Qwen2-VL-2B-Instruct",
    revision="895c3a49bc3fa70a340399125c650a463535e71c",
    architecture="qwen2_vl",
    licence="Apache-2.0",
)
QWEN_7B = replace(
    QWEN_2B, hub_id="Qwen/Qwen2-VL-7B-Instruct", revision="eed13092ef92e448dd6875b2a00151bd3f7db0ac"
)  # fmt: skip

COCO_7B = replace(coco_detection.FEW_SHOT, source=coco_val.FEW_SHOT_7B)
NOVEL_7B = replace(coco_detection.NOVEL, source=coco_val.NOVEL_7B)
LVIS_7B = replace(lvis_detection.RARE_6, source=lvis_val.RARE_6_7B)
LVIS_13_7B = replace(lvis_detection.RARE_13, source=lvis_val.RARE_13_7B)

DEPARTURES = (
    Departure(
        name="finite_rewards",
        text="Where absurd numbers (NaN, infinity) leave a reward without a finite value, it counts as not applicable.",
    ),
    Departure(
        name="symbolic_limits",
        text=(
            "math-verify runs with 2 seconds of processor time a pair (upstream: 3 to 5 seconds), and texts above "
            "65,536 characters are not shown to it."
        ),
    ),
    Departure(
        name="exploitable_rewards",
        text=(
            "Upstream's rewards are kept with their holes: math-verify pays a detection whose first y1 alone is right, "
            "one far-off box with confidence 0 earns the confidence reward, an empty class name is right, two or "
            "inverted boxes break the bounds of GIoU + 1, and a correct `No Objects` earns nothing, so that such rows "
            "are quarantined. The strict variants close all of these."
        ),
    ),
    Departure(
        name="score_of_each_answer",
        text=(
            "Upstream evaluates detection as COCO's mAP over all pictures, and so does the report; rows gained and "
            "lost are counted by a score of each answer (average precision within the picture, and F1)."
        ),
    ),
    Departure(
        name="wording",
        text=(
            "The user text is our wording in training and evaluation alike, with the category of upstream's question; "
            "tags, list and box formats and the 0-1000 frame are upstream's."
        ),
    ),
    Departure(
        name="data_commit",
        text="The commits of the data sets have not been established; a Hub read asks for one.",
    ),
    Departure(
        name="shots",
        text=(
            "Only the four-shot sets are published; variants with 1, 2, 8 and 16 shots take a folder of the user's, in "
            "the same columns, as the source's location."
        ),
    ),
)

METHOD = Method(
    name="visual_rft",
    title="Visual-RFT (few-shot detection)",
    summary=(
        "GRPO without a cold start on detection with four pictures of each of eight COCO categories; the paper reports "
        "mAP going from 19.6 to 40.6 with 2B parameters, against 25.2 by supervised fine-tuning."
    ),
    paper="arXiv 2503.01785 (ICCV 2025)",
    code="Liuziyu77/Visual-RFT@9486633",
    licence="Apache-2.0",
    backbone=QWEN_2B,
    tasks=(DETECTION,),
    stages=(GRPO,),
    benchmarks=(
        published(coco_detection.FEW_SHOT, "2B few-shot detection, 4-shot, mAP", base=19.6, sft=25.2, tuned=40.6),
    ),
    departures=DEPARTURES,
)

COCO_7B_METHOD = replace(
    METHOD,
    name="visual_rft/coco_7b",
    title="Visual-RFT 7B (few-shot detection)",
    summary="As the principal variant with 7B parameters: 43.0 to 54.3 mAP.",
    backbone=QWEN_7B,
    stages=(replace(GRPO, group_size=4, citations={**GRPO.citations, "group_size": "7B COCO script@9486633: 4"}),),
    benchmarks=(published(COCO_7B, "7B few-shot detection, 4-shot, mAP", base=43.0, sft=44.1, tuned=54.3),),
)

COCO_FULL = replace(
    METHOD,
    name="visual_rft/coco_full",
    title="Visual-RFT (detection, COCO 6k)",
    summary="Detection on some 6,000 COCO rows; the paper prints no figure for it.",
    tasks=(replace(DETECTION, source=virft_coco.FULL),),
    stages=(epochs(2.0, "unpublished; ours: 2, because the open-vocabulary script takes 2 over as many rows"),),
    benchmarks=(coco_detection.FEW_SHOT,),
)

LVIS = replace(
    METHOD,
    name="visual_rft/lvis",
    title="Visual-RFT (few-shot detection, LVIS)",
    summary="Detection with some ten pictures of each of six rare LVIS categories: 4.0 to 19.4 mAP with 2B parameters.",
    tasks=(replace(DETECTION, source=virft_lvis.FEW_SHOT),),
    benchmarks=(published(lvis_detection.RARE_6, "2B few-shot LVIS, 10-shot, mAP", base=4.0, sft=10.0, tuned=19.4),),
)

LVIS_7B_METHOD = replace(
    LVIS,
    name="visual_rft/lvis_7b",
    title="Visual-RFT 7B (few-shot detection, LVIS)",
    summary="As `lvis` with 7B parameters: 15.4 to 33.8 mAP.",
    backbone=QWEN_7B,
    benchmarks=(published(LVIS_7B, "7B few-shot LVIS, 10-shot, mAP", base=15.4, sft=27.6, tuned=33.8),),
)

OPEN_VOCABULARY = replace(
    METHOD,
    name="visual_rft/open_vocabulary",
    title="Visual-RFT (open-vocabulary detection)",
    summary="Trained on 65 COCO categories, tested on 15 others and on rare LVIS categories: 9.8 to 31.3 mAP (novel).",
    tasks=(replace(DETECTION, source=virft_coco.BASE65),),
    stages=(epochs(2.0, "open-vocabulary script@9486633"),),
    benchmarks=(
        published(coco_detection.NOVEL, "2B open vocabulary, novel categories, mAP", base=9.8, sft=13.6, tuned=31.3),
        published(lvis_detection.RARE_13, "2B open vocabulary, 13 LVIS, mAP", base=2.7, sft=7.6, tuned=20.7),
    ),
)

OPEN_VOCABULARY_7B = replace(
    OPEN_VOCABULARY,
    name="visual_rft/open_vocabulary_7b",
    title="Visual-RFT 7B (open-vocabulary detection)",
    summary="As `open_vocabulary` with 7B parameters: 26.3 to 35.8 mAP (novel).",
    backbone=QWEN_7B,
    benchmarks=(
        published(NOVEL_7B, "7B open vocabulary, novel categories, mAP", base=26.3, sft=25.7, tuned=35.8),
        published(LVIS_13_7B, "7B open vocabulary, 13 LVIS, mAP", base=15.7, sft=24.0, tuned=30.4),
    ),
)


def classified(name: str, domain: str, source: Source, benchmark: Benchmark) -> Method:
    """The classification variant of a domain."""
    base, _, tuned = (figure.score_percent for figure in benchmark.published)
    return replace(
        METHOD,
        name=f"visual_rft/{name}",
        title=f"Visual-RFT (classification, {domain})",
        summary=(
            f"GRPO without a cold start on four pictures of each class of {domain}: {base} to {tuned} per cent with 2B "
            "parameters."
        ),
        tasks=(replace(CLASSIFICATION, source=source),),
        benchmarks=(benchmark,),
    )


FOUR_SHOTS = "2B classification, 4-shot"
CLASSIFICATION_METHOD = classified(
    "classification",
    "flowers",
    virft_classification.FLOWERS_4_SHOT,
    published(fine_grained.FLOWERS, FOUR_SHOTS, base=54.8, sft=58.5, tuned=71.4),
)
AIRCRAFT = classified(
    "aircraft",
    "aircraft",
    virft_classification.AIRCRAFT_4_SHOT,
    published(fine_grained.AIRCRAFT, FOUR_SHOTS, base=45.9, sft=67.9, tuned=74.8),
)
CARS = classified(
    "cars",
    "cars",
    virft_classification.CARS_4_SHOT,
    published(fine_grained.CARS, FOUR_SHOTS, base=56.8, sft=40.5, tuned=95.3),
)
PETS = classified(
    "pets",
    "pets",
    virft_classification.PETS_4_SHOT,
    published(fine_grained.PETS, FOUR_SHOTS, base=66.4, sft=55.5, tuned=86.1),
)

LISA = replace(
    METHOD,
    name="visual_rft/lisa",
    title="Visual-RFT (reasoning grounding)",
    summary="Boxes for implicit instructions, from 239 ReasonSeg pictures: mIoU 26.9 to 37.6 with 2B parameters.",
    tasks=(GROUNDING,),
    stages=(
        epochs(6.0, "grounding script@9486633; the paper says 500 steps, the authors that about 200 are enough", 50),
    ),
    benchmarks=(
        published(reason_seg.TEST, "2B reasoning grounding, test mIoU", base=26.9, sft=28.3, tuned=37.6),
        published(reason_seg.VAL, "2B reasoning grounding, val mIoU", base=30.1, sft=29.7, tuned=34.4),
    ),
)

LISA_7B = replace(
    LISA,
    name="visual_rft/lisa_7b",
    title="Visual-RFT 7B (reasoning grounding)",
    summary="As `lisa` with 7B parameters: mIoU 40.4 to 43.9.",
    backbone=QWEN_7B,
    benchmarks=(
        published(reason_seg.TEST, "7B reasoning grounding, test mIoU", base=40.4, sft=39.1, tuned=43.9),
        published(reason_seg.VAL, "7B reasoning grounding, val mIoU", base=45.2, sft=43.9, tuned=47.1),
    ),
)


def strict(method: Method, name: str, *rewards: Reward) -> Method:
    """`method` with rewards that only the answer itself can earn."""
    return replace(
        method,
        name=f"visual_rft/{name}",
        title=f"{method.title}, strict rewards",
        summary=f"As `{method.name}` with rewards that cannot be gamed; not a published run.",
        tasks=(replace(method.tasks[0], rewards=(*rewards, FORMAT)),),
        benchmarks=untuned(method.benchmarks),
    )


STRICT = (
    strict(METHOD, "strict", Reward(function=detection_iou.strict), Reward(function=detection_confidence.strict)),
    strict(CLASSIFICATION_METHOD, "classification_strict", Reward(function=class_name.strict)),
    strict(LISA, "lisa_strict", Reward(function=grounding_giou.strict)),
)


def shots(method: Method, number: int, classes: int, name: str, sft: float, tuned: float) -> Method:
    """`method` with another number of pictures a class; the rows are the user's, because upstream publishes none."""
    task, benchmark = method.tasks[0], method.benchmarks[0]
    source = replace(
        task.source,
        name=task.source.name.replace("4_shot", f"{number}_shot"),
        title=f"{task.source.title.removesuffix(', 4 shots').removesuffix(' x 4 shots')}, {number}-shot",
        hub_id=None,
        published_rows=number * classes,
    )
    base = benchmark.published[0]
    place = base.source.partition(", ")[2].replace("4-shot", f"{number}-shot")
    return replace(
        method,
        name=f"visual_rft/{name}_{number}_shot",
        title=f"{method.title}, {number}-shot",
        summary=f"As `{method.name}`, but {number}-shot: {base.score_percent} to {tuned}.",
        tasks=(replace(task, source=source),),
        benchmarks=(published(benchmark, f"2B {place}", base=base.score_percent, sft=sft, tuned=tuned),),
    )


SHOTS = (
    shots(METHOD, 1, 8, "coco", 19.5, 33.6),
    shots(METHOD, 2, 8, "coco", 21.0, 41.5),
    shots(METHOD, 8, 8, "coco", 30.2, 47.4),
    shots(METHOD, 16, 8, "coco", 31.3, 46.8),
    shots(CLASSIFICATION_METHOD, 1, 102, "classification", 56.6, 70.8),
    shots(CLASSIFICATION_METHOD, 2, 102, "classification", 60.3, 75.8),
    shots(CLASSIFICATION_METHOD, 8, 102, "classification", 59.6, 77.7),
    shots(CLASSIFICATION_METHOD, 16, 102, "classification", 66.8, 79.2),
)
"""Numbers of shots with published figures; `shots` makes the like of any other variant."""

METHODS = (
    METHOD,
    COCO_7B_METHOD,
    COCO_FULL,
    LVIS,
    LVIS_7B_METHOD,
    OPEN_VOCABULARY,
    OPEN_VOCABULARY_7B,
    CLASSIFICATION_METHOD,
    AIRCRAFT,
    CARS,
    PETS,
    LISA,
    LISA_7B,
    *STRICT,
    *SHOTS,
)
"""All variants, the principal one first."""
