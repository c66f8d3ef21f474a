"""MM-Eureka (2503.07365): rule-based RL on school mathematics; Qwen 7B, InternVL 8B and a Zero model of 38B.

Code: ModalMinds/MM-EUREKA, branch qwen @ bccddd7 (Q) and branch internvl @ 129fc9e (I); the paper's first version is P.

Reproduce on a laptop:  rlvr run mm_eureka
"""

from dataclasses import replace

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import k12, math_verse, math_vision, math_vista, olympiad_bench
from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import mm_eureka_v1, mmk12
from rlvr.method import Departure, Method, Reward, Task
from rlvr.prompts import Prompt
from rlvr.rewards import boxed_math, tag_counts, tagged_math
from rlvr.scoring import math_vista as math_vista_rules
from rlvr.training import Advantage, Grpo, Loss, OnlineFilter, Optimiser, Sampling

INSTRUCT = Prompt(
    template=(
        "Think first, then answer in LaTeX between dollar signs, as in <think> $1+1=2$ </think><answer> $2$ </answer>. "
        "Question: {question}"
    )
)
"""Tags, dollars and the worked line are upstream's contract; the system turn is left to the model's own template."""

PRETRAIN = Prompt(
    system="Answer with <think> reasoning </think><answer> answer </answer>.",
    template="{question} Reason step by step and put the final answer into \\boxed{}.",
)
"""The contract of the Zero model: tags in the system turn, the box in the user turn."""

MATHEMATICS = Task(
    name="mathematics",
    source=mmk12.TRAIN,
    prompt=INSTRUCT,
    rewards=(Reward(function=tagged_math.dollar_gold), Reward(function=tag_counts.instruct)),
)

SETS: tuple[tuple[Benchmark, int, bool], ...] = (
    (replace(math_vista.BENCHMARK, published_rule=math_vista_rules.mm_eureka), 1000, True),
    (math_verse.BENCHMARK, 3940, True),
    (math_vision.BENCHMARK, 3040, False),
    (olympiad_bench.BENCHMARK, 150, True),
    (k12.BENCHMARK, 500, True),
)
"""Benchmarks in the order of the published tables, with their rows and whether GPT-4o took part."""

Line = tuple[str, str, tuple[float, float, float, float, float]]
"""Model, role and its five published scores in per cent."""


def benchmarks(prompt: Prompt, source: str, *lines: Line) -> tuple[Benchmark, ...]:
    """The five benchmarks with one variant's prompt and published lines."""
    return tuple(
        replace(
            benchmark,
            prompt=prompt,
            published=tuple(
                Published(model=model, role=role, score_percent=scores[column], rows=rows, source=source, judged=judged)
                for model, role, scores in lines
            ),
        )
        for column, (benchmark, rows, judged) in enumerate(SETS)
    )


GRPO = Grpo(
    tasks=("mathematics",),
    group_size=8,
    prompts_per_step=128,
    epochs=10.0,
    updates_per_step=8,
    sampling=Sampling(temperature=1.0, max_new_tokens=4096),
    optimiser=Optimiser(
        learning_rate=1e-6, schedule="cosine", warmup_fraction=0.03, final_fraction=0.1, beta2=0.95, max_grad_norm=1.0
    ),
    advantage=Advantage(baseline="group_mean", scale="group_std", epsilon=1e-9, ddof=1),
    loss=Loss(objective="clipped", clip_low=0.2, clip_high=0.2, ratio_cap=3.0, kl_weight=0.0),
    online_filter=OnlineFilter(lowest=0.1, highest=0.9),
    max_prompt_tokens=3000,
    min_pixels=3136,
    max_pixels=501_760,
    freeze_vision=True,
    citations={
        "group_size": "train_mm_eureka_qwen_7b scripts (Q)",
        "prompts_per_step": "train_mm_eureka_qwen_7b scripts (Q)",
        "epochs": "train_mm_eureka_qwen_7b scripts (Q): 10 episodes (branch MM-EUREKA-Qwen @ fbd0fc0, one node: 5)",
        "updates_per_step": "train_mm_eureka_qwen_7b scripts (Q): 128 x 8 samples in train batches of 128",
        "sampling.temperature": "train_mm_eureka_qwen_7b scripts (Q); top_p 1",
        "sampling.max_new_tokens": "train_mm_eureka_qwen_7b scripts (Q)",
        "optimiser.learning_rate": "train_mm_eureka_qwen_7b scripts (Q): 1e-6 (one node at fbd0fc0: 5e-7)",
        "optimiser.schedule": "openrlhf (Q): cosine with a floor",
        "optimiser.warmup_fraction": "openrlhf (Q): 3 %",
        "optimiser.final_fraction": "openrlhf (Q): 10 % of the peak",
        "optimiser.beta2": "openrlhf (Q): betas 0.9 and 0.95",
        "optimiser.max_grad_norm": "openrlhf (Q)",
        "advantage.baseline": "experience_maker.py (Q): group_norm, no whitening (the survey: GRPO for all)",
        "advantage.epsilon": "experience_maker.py (Q)",
        "advantage.ddof": "experience_maker.py (Q): torch's unbiased std",
        "loss.objective": "loss.py (Q): clip 0.2, and the plain ratio capped",
        "loss.ratio_cap": "loss.py (Q): 3",
        "loss.kl_weight": "train_mm_eureka_qwen_7b scripts (Q): no reference model is loaded",
        "online_filter.lowest": "train_mm_eureka_qwen_7b scripts (Q): accuracy, not reward; drops 0/8 and 8/8 exactly",
        "online_filter.highest": "train_mm_eureka_qwen_7b scripts (Q)",
        "max_prompt_tokens": "train_mm_eureka_qwen_7b scripts (Q)",
        "min_pixels": "train_mm_eureka_qwen_7b scripts (Q): 4 x 28 x 28",
        "max_pixels": "train_mm_eureka_qwen_7b scripts (Q): 640 x 28 x 28",
        "freeze_vision": "train_mm_eureka_qwen_7b scripts (Q): freeze_prefix visual",
    },
)

RLOO = replace(
    GRPO,
    name="rloo",
    epochs=1.0,
    updates_per_step=16,
    optimiser=replace(GRPO.optimiser, learning_rate=3e-7),
    advantage=Advantage(baseline="leave_one_out", scale="none", whiten=True),
    loss=replace(GRPO.loss, ratio_cap=None),
    online_filter=None,
    max_prompt_tokens=2048,
    citations={
        "group_size": "train_mm_eureka_8b scripts (I)",
        "prompts_per_step": "train_mm_eureka_8b scripts (I)",
        "epochs": "train_mm_eureka_8b scripts (I): one episode",
        "updates_per_step": "train_mm_eureka_8b scripts (I): 128 x 8 samples in train batches of 64",
        "sampling.temperature": "train_mm_eureka_8b scripts (I); top_p 1",
        "sampling.max_new_tokens": "train_mm_eureka_8b scripts (I)",
        "optimiser.learning_rate": "train_mm_eureka_8b scripts (I)",
        "optimiser.schedule": "openrlhf (I): cosine with a floor",
        "optimiser.warmup_fraction": "openrlhf (I): 3 %",
        "optimiser.final_fraction": "openrlhf (I): 10 % of the peak",
        "optimiser.beta2": "openrlhf (I): betas 0.9 and 0.95",
        "advantage.baseline": "experience_maker.py (I) and P: RLOO (the survey says GRPO)",
        "advantage.scale": "experience_maker.py (I): the difference itself",
        "advantage.whiten": "replay_buffer.py (I): over the whole buffer",
        "loss.objective": "loss.py (I): clip 0.2",
        "loss.kl_weight": "train_mm_eureka_8b scripts (I): 0 (P: better than above 0)",
        "max_prompt_tokens": "train_mm_eureka_8b scripts (I)",
        "min_pixels": "InternVL cuts pictures into tiles of its own; ours: the Qwen variant's limits",
        "max_pixels": "InternVL cuts pictures into tiles of its own; ours: the Qwen variant's limits",
        "freeze_vision": "train_mm_eureka_8b scripts (I): the whole vision tower",
    },
)

EXPLOITABLE = Departure(
    name="unreadable_golds",
    text=(
        "A gold in which math-verify reads nothing pays any reply, as upstream; without dollars around it (InternVL) "
        "that is every bare letter, word and LaTeX formula. The verify stage quarantines such rows, and "
        "tagged_math.strict closes the hole."
    ),
)

COMMON = (
    Departure(
        name="text_golds",
        text=(
            "Golds are always text. With a number as its gold, upstream's Qwen reward writes two scores for one reply "
            "and shifts all that follow."
        ),
    ),
    Departure(
        name="math_verify_version",
        text=(
            "Upstream leaves the version of math-verify open (0.5.2 at the time); ours reads a number with a unit "
            "right behind it ($5cm$), which 0.5.2 did not."
        ),
    ),
    Departure(
        name="judges_replaced",
        text=(
            "MathVista's extraction and the verdicts on MathVerse, OlympiadBench and K12 are GPT-4o's upstream; ours "
            "are rules, so published numbers are not strictly comparable. MathVision's checker gives model text to "
            "Python's eval upstream; ours computes bounded arithmetic."
        ),
    ),
    Departure(
        name="wording",
        text="Prompts are our wording; upstream's are baked into its data. Tags, dollars and boxes are upstream's.",
    ),
    Departure(
        name="data_commit",
        text="No commit of the training sets has been established; a Hub read asks for one.",
    ),
)

METHOD = Method(
    name="mm_eureka",
    title="MM-Eureka-Qwen-7B",
    summary=(
        "GRPO with an online accuracy filter on 15,616 school questions, without a cold start; the README reports "
        "MathVista 68.2 to 73.0 and K12 36.0 to 48.6."
    ),
    paper="arXiv 2503.07365",
    code="ModalMinds/MM-EUREKA@bccddd7 (branch qwen)",
    licence="Apache-2.0",
    backbone=Backbone(
        hub_id="Qwen/Qwen2.5-VL-7B-Instruct",
        revision="cc594898137f460bfe9f0759e9844b3ce807cfb5",
        architecture="qwen2_5_vl",
        licence="Apache-2.0",
    ),
    tasks=(MATHEMATICS,),
    stages=(GRPO,),
    benchmarks=benchmarks(
        INSTRUCT,
        "README of branch qwen @ bccddd7",
        ("Qwen2.5-VL-7B-Instruct", "base", (68.2, 47.9, 25.4, 15.3, 36.0)),
        ("MM-Eureka-Qwen-7B", "tuned", (73.0, 50.3, 26.9, 25.3, 48.6)),
    ),
    departures=(
        Departure(
            name="filter_leftovers",
            text=(
                "Upstream generates until every rank has enough groups and keeps those left over for the next round; "
                "here a step draws up to 8 rollouts and leaves the rest."
            ),
        ),
        Departure(
            name="brief_groups",
            text=(
                "ADORA (advantages of a group times 0.1 unless its longest right reply is longer than its wrong ones) "
                "is upstream's option use_adora, off in the published scripts: here advantage.brief_weight."
            ),
        ),
        EXPLOITABLE,
        *COMMON,
    ),
)

INTERNVL = replace(
    METHOD,
    name="mm_eureka/internvl",
    title="MM-Eureka-8B",
    summary=(
        "RLOO with whitened advantages on the 54,931 questions of v1, offline filtered; the paper reports K12 24.8 to "
        "27.0 (users could not reproduce the gain, upstream issue 35)."
    ),
    code="ModalMinds/MM-EUREKA@129fc9e (branch internvl)",
    backbone=Backbone(
        hub_id="OpenGVLab/InternVL2_5-8B",
        revision=None,
        architecture="internvl",
        licence="MIT",
    ),
    tasks=(
        replace(
            MATHEMATICS,
            source=mm_eureka_v1.TRAIN,
            rewards=(Reward(function=tagged_math.bare_gold), Reward(function=tag_counts.instruct_ended)),
        ),
    ),
    stages=(RLOO,),
    benchmarks=benchmarks(
        INSTRUCT,
        "arXiv 2503.07365 v1",
        ("InternVL2.5-8B-Instruct", "base", (64.4, 39.5, 19.7, 8.0, 24.8)),
        ("InternVL2.5-8B-Instruct, SFT", "sft", (54.5, 28.9, 17.7, 6.6, 20.6)),
        ("MM-Eureka-8B", "tuned", (67.1, 40.4, 22.2, 8.6, 27.0)),
    ),
    departures=(
        Departure(
            name="whitening",
            text=(
                "Advantages are whitened with the unbiased standard deviation, upstream with the population's: a "
                "factor of 1.0005 at 1,024 samples."
            ),
        ),
        EXPLOITABLE,
        *COMMON,
    ),
)

INTERNVL_PRETRAIN = replace(
    INTERNVL,
    name="mm_eureka/internvl_pretrain",
    title="MM-Eureka-Zero-38B",
    summary=(
        "RLOO on the K12 part of v1 from a pre-trained model that was never instruction-tuned; the paper reports "
        "OlympiadBench 28.7 to 37.3 and K12 38.2 to 46.4."
    ),
    backbone=Backbone(
        hub_id="OpenGVLab/InternVL2_5-38B-Pretrain",
        revision=None,
        architecture="internvl",
        licence="MIT",
    ),
    tasks=(
        replace(
            MATHEMATICS,
            source=mm_eureka_v1.K12,
            prompt=PRETRAIN,
            rewards=(Reward(function=boxed_math.last_box), Reward(function=tag_counts.pretrain)),
        ),
    ),
    stages=(
        replace(
            RLOO,
            citations={name: source.replace("8b scripts", "38b scripts") for name, source in RLOO.citations.items()}
            | {"optimiser.learning_rate": "train_mm_eureka_38b script (I): 3e-7 (P: 5e-7)"},
        ),
    ),
    benchmarks=benchmarks(
        PRETRAIN,
        "arXiv 2503.07365 v1",
        ("InternVL2.5-38B, pre-trained", "base", (60.9, 44.8, 27.6, 28.7, 38.2)),
        ("MM-Eureka-Zero-38B", "tuned", (64.2, 48.9, 26.6, 37.3, 46.4)),
    ),
    departures=(
        Departure(
            name="pretrained_checkpoint",
            text=(
                "The published script names a local folder, InternVL2_5-38B-Pretrain; no public repository of that "
                "checkpoint has been found, so a run needs a folder or s3:// location."
            ),
        ),
        INTERNVL.departures[0],
        *COMMON,
    ),
)

METHODS = (METHOD, INTERNVL, INTERNVL_PRETRAIN)
"""All variants, the principal one first."""
