"""VL-Rethinker (arXiv 2504.08837): selective sample replay, then forced rethinking, on Qwen2.5-VL.

TIGER-AI-Lab/VL-Rethinker @ dd2c17d. Reproduce on a laptop:  rlvr run vl_rethinker
"""

from dataclasses import replace

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import emma, math_verse, math_vision, math_vista, mega_bench_core, mmmu_pro, mmmu_val
from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import virl39k
from rlvr.method import Departure, Method, Reward, Task
from rlvr.prompts import Prompt
from rlvr.rewards import boxed_rule
from rlvr.training import Advantage, Grpo, Loss, Optimiser, Replay, Rethinking, Sampling

PROMPT = Prompt(template="{question}\n\nReason step by step and put the final answer into \\boxed{}.")

QUESTIONS = Task(
    name="questions",
    source=virl39k.TRAIN,
    prompt=PROMPT,
    rewards=(Reward(function=boxed_rule.correct),),
)

CITATIONS = {
    "group_size": "paper §4 and train_vlm_multi.sh@dd2c17d: 8 samples a query",
    "prompts_per_step": "paper: the sampling policy follows every 1,024 queries (script: rbuffer = bsz = 512 queries)",
    "updates_per_step": "paper: 512 query-response pairs an update, so 1,024 x 8 / 512 = 16 (derived)",
    "sampling.temperature": "train_vlm_multi.sh@dd2c17d",
    "sampling.top_p": "experience_maker.py@dd2c17d: 0.95 in training",
    "sampling.top_k": "experience_maker.py@dd2c17d: 40 unless given",
    "sampling.max_new_tokens": "experience_maker.py@dd2c17d: 2,048 (generate_max_len of the script is 6,144)",
    "optimiser.learning_rate": "train_vlm_multi.sh@dd2c17d: 10e-7",
    "optimiser.schedule": "train_vlm_multi.sh@dd2c17d: cosine to a smallest rate",
    "optimiser.final_fraction": "ppo_actor.py@dd2c17d: 0.5 (it prints 0.1)",
    "optimiser.warmup_fraction": "train_vlm_multi.sh@dd2c17d",
    "optimiser.beta2": "train_vlm_multi.sh@dd2c17d: Adam 0.9, 0.95",
    "advantage.scale": "experience_maker.py@dd2c17d, group_sft: r - mean, no deviation",
    "loss.objective": "loss.py@dd2c17d: clipped ratio",
    "loss.clip_low": "loss.py@dd2c17d: hard-coded 0.2",
    "loss.clip_high": "loss.py@dd2c17d: hard-coded 0.35",
    "loss.normaliser": "loss.py@dd2c17d: mean over the tokens (plus 1e-4 in the denominator)",
    "loss.kl_weight": "train_vlm_multi.sh@dd2c17d: init_kl_coef 0, no reference (the survey says KL loss)",
    "replay.form": "paper §3.1; the code's own form is not called at dd2c17d",
    "replay.alpha": "paper §3.1 leaves alpha open; README@dd2c17d: 1, direct proportion",
    "replay.clear_every": "paper §3.1: the buffer is cleared when the sampling policy follows",
    "min_pixels": "train_vlm_multi.sh@dd2c17d: 256 x 28 x 28",
    "max_pixels": "train_vlm_multi.sh@dd2c17d: 1280 x 28 x 28",
    "max_prompt_tokens": "train_vlm_multi.sh@dd2c17d: 2,048",
}

SSR = Grpo(
    name="ssr",
    tasks=("questions",),
    group_size=8,
    prompts_per_step=1024,
    updates_per_step=16,
    epochs=2.0,
    sampling=Sampling(temperature=1.0, top_p=0.95, top_k=40, max_new_tokens=2048),
    optimiser=Optimiser(
        learning_rate=1e-6, schedule="cosine", final_fraction=0.5, warmup_fraction=0.03, beta1=0.9, beta2=0.95
    ),
    advantage=Advantage(baseline="group_mean", scale="none"),
    loss=Loss(objective="clipped", clip_low=0.2, clip_high=0.35, normaliser="token_mean", kl_weight=0.0),
    replay=Replay(form="paper", alpha=1.0, clear_every=1),
    max_prompt_tokens=2048,
    min_pixels=256 * 28 * 28,
    max_pixels=1280 * 28 * 28,
    citations=CITATIONS
    | {
        "epochs": (
            "paper: up to 3 epochs over both stages (script: 3 episodes), checkpoint by validation reward; the "
            "division is unpublished; ours: 2 here and 1 with rethinking, because the first stage is the longer one"
        ),
    },
)

RETHINKING = replace(
    SSR,
    name="rethinking",
    epochs=1.0,
    loss=replace(SSR.loss, nll_weight=0.05, nll_on="continuation"),
    rethinking=Rethinking(fraction=0.65, per_group=2, max_new_tokens=1024, temperature=0.9, cut_back=0.5),
    citations=CITATIONS
    | {
        "epochs": SSR.citations["epochs"],
        "loss.nll_weight": "train_vlm_multi.sh@dd2c17d: aux_loss_coef 0.05 (unpublished in the paper)",
        "loss.nll_on": "paper §3.2: the forced part alone (code: whole responses that reflect, advantage above 0)",
        "rethinking.fraction": (
            "unpublished in the paper (q < 1); ours: 0.65, because the code leaves out 35 per cent of those it may "
            "continue (and wrong answers of queries that are mostly solved)"
        ),
        "rethinking.triggers": "paper §3.2: verification, correction or questioning; the wording is ours",
        "rethinking.per_group": "experience_maker.py@dd2c17d: at most 2 a query",
        "rethinking.max_new_tokens": "experience_maker.py@dd2c17d: below 1,024 tokens",
        "rethinking.temperature": "experience_maker.py@dd2c17d",
        "rethinking.cut_back": "experience_maker.py@dd2c17d: with probability 0.5",
    },
)

TABLE = "arXiv 2504.08837 v1, main table"


UNSTATED = {
    "emma": "EMMA or EMMA-mini: which of them is not stated",
    "mega_bench_core": "MEGA-Bench with its videos, and with metrics that have no rule here",
}
"""What was scored where it may not be the rows here."""

EVERY = (
    math_vista.BENCHMARK,
    math_verse.BENCHMARK,
    math_vision.BENCHMARK,
    mmmu_pro.BENCHMARK,
    mmmu_val.BENCHMARK,
    emma.BENCHMARK,
    mega_bench_core.BENCHMARK,
)


def _benchmarks(size: str, tuned: str, scores: dict[str, tuple[float, float | None]]) -> tuple[Benchmark, ...]:
    """The benchmarks with the printed scores of the base and of the model `tuned`; None where it has none."""
    models = ((f"Qwen2.5-VL-{size}-Instruct", "base"), (tuned, "tuned"))
    return tuple(
        replace(
            benchmark,
            prompt=PROMPT,
            published=tuple(
                Published(
                    model=model,
                    role=role,
                    score_percent=score,
                    rows=None if benchmark.name in UNSTATED else benchmark.source.published_rows,
                    source=TABLE,
                    split=UNSTATED.get(benchmark.name),
                )
                for (model, role), score in zip(models, scores[benchmark.name], strict=True)
                if score is not None
            ),
        )
        for benchmark in EVERY
    )


METHOD = Method(
    name="vl_rethinker",
    title="VL-Rethinker (7B)",
    summary=(
        "Two stages of RL without a cold start: replay of samples that have an advantage, then forced second thoughts. "
        "The paper reports MathVista going from 68.2 to 74.9 and MathVision from 25.1 to 32.3 with 7B parameters."
    ),
    paper="arXiv 2504.08837 v1",
    code="TIGER-AI-Lab/VL-Rethinker@dd2c17d",
    licence="Apache-2.0",
    backbone=Backbone(
        hub_id="Qwen/Qwen2.5-VL-7B-Instruct",
        revision=None,
        architecture="qwen2_5_vl",
        licence="Apache-2.0",
    ),
    tasks=(QUESTIONS,),
    stages=(SSR, RETHINKING),
    benchmarks=_benchmarks(
        "7B",
        "VL-Rethinker-7B",
        {
            "math_vista": (68.2, 74.9),
            "math_verse": (46.3, 54.2),
            "math_vision": (25.1, 32.3),
            "mmmu_pro": (36.9, 41.7),
            "mmmu_val": (54.3, 56.7),
            "emma": (21.5, 29.7),
            "mega_bench_core": (35.0, 37.2),
        },
    ),
    departures=(
        Departure(
            name="replay_switched_off",
            text=(
                "At HEAD upstream's replay buffer returns at once (do_filter is False since 1474fd5), so neither "
                "filtering nor replay takes place; here replay runs as the paper describes it."
            ),
        ),
        Departure(
            name="rethinking_switched_off",
            text=(
                "The published script leaves forced rethinking off (data_version none, issues 3 and 4) and the "
                "settings of the released models were never published; here the second stage has it on."
            ),
        ),
        Departure(
            name="binary_reward",
            text=(
                "The paper's reward is 0 or 1. The code gives invalid responses -0.1, right ones that wait once or "
                "twice 1.1 and takes 0.2 off for each wait beyond; `boxed_rule.shaped` is that reward."
            ),
        ),
        Departure(
            name="box_not_required",
            text=(
                "Upstream means to require a box, but an argument slips and it does not; the reward is kept as it "
                "runs, where text without a box may be right. `boxed_strict.correct` requires the box."
            ),
        ),
        Departure(
            name="option_prefix",
            text=(
                "For letters only the first one behind the brace counts, so a box that lists all options beginning "
                "with the right one is right; `boxed_strict.correct` closes this, training stays as published."
            ),
        ),
        Departure(
            name="training_subset",
            text=(
                "The filter that leads from 38,870 released rows to the paper's 16,000 is not published; all rows are "
                "used."
            ),
        ),
        Departure(
            name="pictures_in_front",
            text="Pictures stand in front of the question; upstream puts each where its placeholder is.",
        ),
        Departure(
            name="loss_limit",
            text="Upstream limits a loss above 10 to [-1, 1]; ours has no such limit, for gradients are clipped.",
        ),
        Departure(
            name="mmmu_pro_setting",
            text=(
                "Which setting of MMMU-Pro the paper prints (ten options as text, the question in the picture, or the "
                "mean of both) has not been established; ours is the one with ten options as text."
            ),
        ),
        Departure(
            name="symbolic_limits",
            text=(
                "math-verify runs with 2 seconds of processor time a pair, and texts above 65,536 characters cannot "
                "be read; upstream has neither limit nor a pinned version."
            ),
        ),
        Departure(
            name="wording",
            text="The user text and the triggers are our wording; the box is upstream's.",
        ),
        Departure(
            name="data_commit",
            text="The commits of data set and base checkpoint have not been established; a Hub read asks for them.",
        ),
    ),
)

REASONER = replace(
    METHOD,
    name="vl_rethinker/ssr",
    title="VL-Rethinker (7B, replay alone)",
    summary=(
        "The first stage alone. The paper's ablation reports 29.8 on MathVision, 72.4 on MathVista and 53.2 on "
        "MathVerse."
    ),
    stages=(replace(SSR, epochs=3.0, citations=CITATIONS | {"epochs": "paper: up to 3 (script: 3 episodes)"}),),
    benchmarks=_benchmarks(
        "7B",
        "VL-Rethinker-7B without forced rethinking (ablation)",
        {
            "math_vista": (68.2, 72.4),
            "math_verse": (46.3, 53.2),
            "math_vision": (25.1, 29.8),
            "mmmu_pro": (36.9, 40.9),
            "mmmu_val": (54.3, None),
            "emma": (21.5, 29.5),
            "mega_bench_core": (35.0, None),
        },
    ),
)

LARGE = replace(
    METHOD,
    name="vl_rethinker/72b",
    title="VL-Rethinker (72B)",
    summary="The same with 72B parameters: MathVista 74.8 to 80.3, MathVision 38.1 to 43.9.",
    backbone=Backbone(
        hub_id="Qwen/Qwen2.5-VL-72B-Instruct",
        revision=None,
        architecture="qwen2_5_vl",
        licence="Qwen License",
    ),
    benchmarks=_benchmarks(
        "72B",
        "VL-Rethinker-72B",
        {
            "math_vista": (74.8, 80.3),
            "math_verse": (57.2, 61.7),
            "math_vision": (38.1, 43.9),
            "mmmu_pro": (51.6, 53.9),
            "mmmu_val": (70.2, 68.8),
            "emma": (34.1, 38.9),
            "mega_bench_core": (49.0, 51.3),
        },
    ),
)

METHODS = (METHOD, REASONER, LARGE)
"""All variants, the principal one first."""
