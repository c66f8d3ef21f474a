"""MMR1 (2509.21268): a cold start on long chains of thought, then GRPO with variance-aware sampling; 3B and 7B.

Code: LengSicong/MMR1 @ d8161a0 (R); the paper is P. The first generation of March 2025 (branch mmr1_v0, a README
without code) is the variant v0: GRPO alone, from the instruct model.

Reproduce on a laptop:  rlvr run mmr1
"""

from dataclasses import replace

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import chart_qa, logic_vista, math_verse, math_verse_vision_only, math_vision, math_vista
from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import mmr1_rl, mmr1_sft
from rlvr.method import Departure, Judge, Method, Reward, Task
from rlvr.prompts import Prompt
from rlvr.rewards import box_with_thoughts, candidate_accuracy, judged_candidate, line_tags, word_runs
from rlvr.training import Advantage, Grpo, Loss, Optimiser, Sampling, Sft, Uniform, VarianceAware

PROMPT = Prompt(
    template=(
        "Reason inside <think> </think>, then answer inside <answer> </answer> with the answer in \\boxed{}. {question}"
    )
)
"""Upstream puts its system prompt in front of the question in the user turn; tags and box are its contract."""

REWARDS = (
    Reward(function=candidate_accuracy.accuracy),
    Reward(function=line_tags.one_each),
    Reward(function=word_runs.repetition),
)

COLD_START = Task(name="cold_start", source=mmr1_sft.TRAIN, prompt=PROMPT, rewards=REWARDS)
REASONING = Task(name="reasoning", source=mmr1_rl.V1, prompt=PROMPT, rewards=REWARDS)

SFT = Sft(
    tasks=("cold_start",),
    epochs=5.0,
    batch_size=32,
    optimiser=Optimiser(learning_rate=1e-5, schedule="cosine", warmup_fraction=0.1),
    checkpoint_every=500,
    citations={
        "epochs": "P section 6.1: 5 (P Table 5: 3)",
        "batch_size": "P Table 5: effective batch 32",
        "optimiser.learning_rate": "P Table 5",
        "optimiser.schedule": "P Table 5",
        "optimiser.warmup_fraction": "P Table 5",
        "checkpoint_every": "unpublished; ours: 500, because an epoch has 50,000 steps",
    },
)

GRPO = Grpo(
    tasks=("reasoning",),
    group_size=8,
    prompts_per_step=512,
    epochs=10.0,
    sampler=VarianceAware(
        mixture=0.5, every=35, samples=32, learnability=0.8, diversity=0.2, momentum=0.0, diversity_sign="paper"
    ),
    sampling=Sampling(temperature=0.6, max_new_tokens=4096),
    optimiser=Optimiser(learning_rate=1e-6, schedule="constant", weight_decay=0.01),
    advantage=Advantage(baseline="group_mean", scale="group_std", epsilon=1e-6, ddof=1, lone="reward"),
    loss=Loss(objective="clipped", clip_low=0.2, clip_high=0.2, normaliser="token_mean", kl_weight=0.01),
    max_prompt_tokens=2048,
    min_pixels=7056,
    max_pixels=1_048_576,
    citations={
        "group_size": "P Table 6 and R examples/mmr1.yaml",
        "prompts_per_step": "R examples/mmr1.yaml: 512 (the yaml for B200: 2,048)",
        "epochs": "P Table 6 and R examples/mmr1.yaml: 10 episodes",
        "updates_per_step": "R examples/mmr1.yaml: global batch 512, in EasyR1 a number of prompts",
        "sampler.mixture": "P section 6.1, P Table 6 and R examples/mmr1.yaml",
        "sampler.every": "P section 6.1: 35 (P Table 6: 56; R examples/mmr1.yaml: 4; P's ablations: 28)",
        "sampler.samples": "P section 6.1: 32 (P Table 6: 16; R examples/mmr1.yaml: 8; P's ablations: 8)",
        "sampler.learnability": "P section 6.1 and Table 6: 0.8 (R examples/mmr1.yaml: 1; P's ablations: 0.5)",
        "sampler.diversity": "P section 6.1 and Table 6: 0.2",
        "sampler.momentum": "R examples/mmr1.yaml: 0",
        "sampler.diversity_sign": "P: diverse prompts score higher (R adds the likeness itself)",
        "sampling.temperature": "P Table 6 and R examples/mmr1.yaml",
        "sampling.max_new_tokens": "P Table 6: 4096 (R examples/mmr1.yaml: 8192)",
        "optimiser.learning_rate": "P Table 6 and R examples/mmr1.yaml",
        "optimiser.schedule": "R examples/mmr1.yaml: no warm-up, constant",
        "optimiser.weight_decay": "P Table 6 and R examples/mmr1.yaml",
        "advantage.epsilon": "R verl/trainer/core_algos.py",
        "advantage.ddof": "R verl/trainer/core_algos.py: torch's unbiased std",
        "advantage.lone": "R verl/trainer/core_algos.py",
        "loss.objective": "R verl/trainer/core_algos.py: clip 0.2 on both sides",
        "loss.normaliser": "R verl/trainer/core_algos.py: mean over the tokens of a micro-batch; ours: of the update",
        "loss.kl_weight": "P Table 6 and R examples/mmr1.yaml: k3 in the loss, against the cold-started model",
        "passes_per_step": "R examples/mmr1.yaml: 1 (P Table 6: 20)",
        "max_prompt_tokens": "P Table 6 and R examples/mmr1.yaml",
        "min_pixels": "R examples/mmr1.yaml",
        "max_pixels": "R examples/mmr1.yaml",
        "freeze_vision": "R examples/mmr1.yaml: freeze_vision_tower false",
    },
)

GRPO_V0 = replace(
    GRPO,
    name="grpo_v0",
    epochs=15.0,
    sampler=Uniform(),
    sampling=Sampling(temperature=1.0, max_new_tokens=2048),
    citations={
        "group_size": "unpublished; ours: 8, as the second generation",
        "prompts_per_step": "unpublished; ours: 512, as the second generation",
        "epochs": "README of branch mmr1_v0: 15 epochs in 6 hours on 64 H100",
        "updates_per_step": "unpublished; ours: as the second generation",
        "sampling.temperature": "unpublished; ours: 1, EasyR1's default",
        "sampling.max_new_tokens": "unpublished; ours: 2048, EasyR1's default",
        "optimiser.learning_rate": "unpublished; ours: 1e-6, as the second generation",
        "optimiser.schedule": "unpublished; ours: constant, as the second generation",
        "optimiser.weight_decay": "unpublished; ours: 0.01, EasyR1's default",
        "advantage.epsilon": "unpublished; ours: EasyR1's core_algos.py",
        "advantage.lone": "unpublished; ours: EasyR1's core_algos.py",
        "loss.objective": "unpublished; ours: EasyR1's core_algos.py",
        "loss.normaliser": "unpublished; ours: EasyR1's core_algos.py",
        "loss.kl_weight": "unpublished; ours: 0.01, EasyR1's default",
        "max_prompt_tokens": "unpublished; ours: as the second generation",
        "min_pixels": "unpublished; ours: as the second generation",
        "max_pixels": "unpublished; ours: as the second generation",
    },
)

Lines = tuple[tuple[str, str, tuple[float | None, ...]], ...]
"""Model, role and its published scores in per cent; None where a table has no number."""


def benchmarks(source: str, sets: tuple[tuple[Benchmark, int], ...], lines: Lines) -> tuple[Benchmark, ...]:
    """The benchmarks with this method's prompt and published lines."""
    return tuple(
        replace(
            benchmark,
            prompt=PROMPT,
            published=tuple(
                Published(model=model, role=role, score_percent=score, rows=rows, source=source, judged=True)
                for model, role, scores in lines
                if (score := scores[column]) is not None
            ),
        )
        for column, (benchmark, rows) in enumerate(sets)
    )


V1_SETS = (
    (math_vista.BENCHMARK, 1000),
    (math_verse.BENCHMARK, 3940),
    (math_vision.BENCHMARK, 3040),
    (logic_vista.BENCHMARK, 448),
    (chart_qa.BENCHMARK, 2500),
)

EXPLOITABLE = Departure(
    name="paid_for_any_letter",
    text=(
        'As upstream, golds A, E, F, L, N, S and "no" are paid whatever is said, and short golds are found inside '
        "other answers (3 in 13): the extractor's word for no box is one of the things compared. "
        "candidate_accuracy.strict closes the hole; the verify stage quarantines the golds that it opens for all."
    ),
)

COMMON = (
    Departure(
        name="long_boxes",
        text=(
            "Boxed answers of more than 4,096 characters are compared as they stand, and normal forms are not "
            "remembered by their first 500 characters, which gives long replies with one beginning one form upstream."
        ),
    ),
    Departure(
        name="length_reward_inert",
        text=(
            "The cosine length reward is left out of the sum: all four of its bounds are 0 in the published settings. "
            "It counts characters against a limit of tokens (character_cosine)."
        ),
    ),
    Departure(
        name="judges_replaced",
        text=(
            "Published scores use GPT-4o where rules fail; ours are rules alone. In training the published run asks no "
            "language model either; the variant `judge` does."
        ),
    ),
    Departure(
        name="wording",
        text="The user text is our wording; tags and box are upstream's, and so is the lack of a system turn.",
    ),
    Departure(
        name="data_commit",
        text="No commit of the training sets has been established; a Hub read asks for one.",
    ),
)

METHOD = Method(
    name="mmr1",
    title="MMR1-3B",
    summary=(
        "Cold start on 1.6 million chains of thought, then GRPO that draws half of each batch by the variance of its "
        "outcomes; the paper reports an average over five benchmarks of 48.7 to 52.9."
    ),
    paper="arXiv 2509.21268",
    code="LengSicong/MMR1@d8161a0",
    licence="Apache-2.0 (README: research preview, non-commercial)",
    backbone=Backbone(
        hub_id="Qwen/Qwen2.5-VL-3B-Instruct",
        revision="66285546d2b821cf421d4f5eb2576359d3770cd3",
        architecture="qwen2_5_vl",
        licence="Qwen Research License",
    ),
    tasks=(COLD_START, REASONING),
    stages=(SFT, GRPO),
    benchmarks=benchmarks(
        "arXiv 2509.21268 Table 3",
        V1_SETS,
        (
            ("Qwen2.5-VL-3B-Instruct", "base", (63.5, 40.4, 24.3, 38.4, 76.8)),
            ("3B, cold start", "sft", (58.0, 42.1, 25.2, 39.5, 78.5)),
            ("3B, cold start and GRPO without sampling by variance", "tuned", (65.6, 46.2, 24.7, 42.4, 79.9)),
            ("MMR1-3B (Table 2 prints LogicVista 42.0)", "tuned", (67.1, 47.9, 25.4, 43.1, 81.2)),
        ),
    ),
    departures=(
        Departure(
            name="diversity_sign",
            text=(
                "The paper rewards prompts whose replies differ, its code those whose replies are alike (self-BLEU "
                "with a positive sign); ours follows the paper, sampler.diversity_sign=code the code."
            ),
        ),
        EXPLOITABLE,
        *COMMON,
    ),
)

B7 = replace(
    METHOD,
    name="mmr1/7b",
    title="MMR1-7B",
    summary="The same with 7B parameters; the paper reports an average over five benchmarks of 55.0 to 58.4.",
    backbone=replace(
        METHOD.backbone,
        hub_id="Qwen/Qwen2.5-VL-7B-Instruct",
        revision="cc594898137f460bfe9f0759e9844b3ce807cfb5",
        licence="Apache-2.0",
    ),
    benchmarks=benchmarks(
        "arXiv 2509.21268 Table 2",
        V1_SETS,
        (
            ("Qwen2.5-VL-7B-Instruct", "base", (69.3, 50.4, 28.7, 44.0, 82.4)),
            ("MMR1-7B-RL", "tuned", (72.0, 55.4, 31.8, 48.9, 83.7)),
        ),
    ),
)

V0 = replace(
    B7,
    name="mmr1/v0",
    title="MMR1-Math-v0-7B",
    summary=(
        "The first generation: GRPO alone on about 6,000 questions; its README reports MathVista 67.5 to 71.0. Reward "
        "and most settings are unpublished."
    ),
    paper="no paper; README of branch mmr1_v0",
    code="LengSicong/MMR1, branch mmr1_v0 (README alone)",
    tasks=(
        replace(
            REASONING,
            source=mmr1_rl.V0,
            rewards=(
                Reward(function=box_with_thoughts.accuracy, weight=0.9),
                Reward(function=box_with_thoughts.form, weight=0.1),
            ),
        ),
    ),
    stages=(GRPO_V0,),
    benchmarks=benchmarks(
        "README of branch mmr1_v0",
        (V1_SETS[0], V1_SETS[2], V1_SETS[3], V1_SETS[1], (math_verse_vision_only.BENCHMARK, 788)),
        (
            ("Qwen2.5-VL-7B-Instruct, official", "base", (68.2, 25.4, 47.9, None, 41.1)),
            ("Qwen2.5-VL-7B-Instruct, run again", "base", (67.5, 25.6, 46.8, 46.9, 42.5)),
            ("Same data, SFT", "sft", (52.2, 27.0, 31.8, None, None)),
            ("Same data, SFT with chains of thought", "sft", (54.7, 23.4, 33.8, None, None)),
            ("MMR1-Math-v0-7B", "tuned", (71.0, 30.2, 50.8, 49.8, 45.1)),
        ),
    ),
    departures=(
        Departure(
            name="unpublished_reward",
            text=(
                "The reward of the first generation is unpublished; ours is EasyR1's stock one for mathematics, which "
                "the repository ships (verl/utils/reward_score/math.py)."
            ),
        ),
        Departure(
            name="swapped_columns",
            text=(
                "The README's tables swap the two columns of MathVerse, so the SFT lines give 24.7 or 20.7 and 25.7 or "
                "23.7 there; they are left out."
            ),
        ),
        *COMMON,
    ),
)

JUDGE = replace(
    METHOD,
    name="mmr1/judge",
    title="MMR1-3B (judge)",
    summary="The same with a language model that looks at the answers which the rule does not accept.",
    tasks=tuple(
        replace(
            task,
            rewards=(Reward(function=judged_candidate.accuracy, judge=Judge(model="gpt-4o-mini")), *REWARDS[1:]),
        )
        for task in METHOD.tasks
    ),
)

METHODS = (METHOD, B7, V0, JUDGE)
"""All variants, the principal one first."""
