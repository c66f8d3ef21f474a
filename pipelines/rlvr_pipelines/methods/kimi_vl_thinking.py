"""Kimi-VL-Thinking (2025-04): long reasoning by online policy mirror descent, 16B parameters with 2.8B active.

Reports: Kimi-VL (arXiv 2504.07491), whose RL recipe is Kimi k1.5's (arXiv 2501.12599). No training code is public.

Reproduce on a laptop:  rlvr run kimi_vl_thinking    (/partial_rollouts, /merge, /shortest, /dpo, /long2short_rl)
"""

from dataclasses import replace

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import held_out_kimi_mix, math_vision, math_vista, mmmu_pro, mmmu_val, video_mmmu
from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import kimi_mix
from rlvr.method import Departure, Judge, Method, Reward, Task
from rlvr.rewards import cot_judge
from rlvr.training import (
    Advantage,
    Curriculum,
    Dpo,
    Grpo,
    LengthReward,
    Loss,
    Merge,
    Optimiser,
    PartialRollouts,
    Prioritised,
    Sampling,
    Sft,
    ShortestSft,
    TrainingStage,
)

VERDICT = Reward(function=cot_judge.verdict, judge=Judge(model="Qwen/Qwen2.5-72B-Instruct", max_tokens=1024))
"""The stand-in for k1.5's chain-of-thought reward model, which is not published."""

LONG_COT = Task(name="long_cot", source=kimi_mix.LONG_COT, prompt=held_out_kimi_mix.PROMPT, rewards=(VERDICT,))

REASONING = Task(name="reasoning", source=kimi_mix.TRAIN, prompt=held_out_kimi_mix.PROMPT, rewards=(VERDICT,))

UNPUBLISHED = "unpublished; ours: "

SFT = Sft(
    name="long_cot",
    tasks=("long_cot",),
    optimiser=Optimiser(learning_rate=1e-5, schedule="cosine", final_fraction=0.1),
    epochs=1.0,
    batch_size=32,
    citations={
        "optimiser.learning_rate": (
            "unpublished for this stage; ours: 1e-5 to 1e-6, the second epoch of Kimi-VL's joint fine-tuning "
            "(the first went from 2e-5 to 2e-6), because this stage follows it"
        ),
        "optimiser.schedule": UNPUBLISHED + "cosine, between the ends of that epoch",
        "optimiser.final_fraction": "unpublished for this stage; ours: as in Kimi-VL's joint fine-tuning, a tenth",
        "epochs": UNPUBLISHED + "1, because each length of the joint fine-tuning had one",
        "batch_size": UNPUBLISHED + "32, because the set is described as small",
    },
)

CURRICULUM = Grpo(
    name="curriculum",
    tasks=("reasoning",),
    group_size=8,
    prompts_per_step=64,
    epochs=1.0,
    updates_per_step=4,
    reset_optimiser=True,
    sampler=Curriculum(by="label", warmup_steps=24, hardest=0.5),
    sampling=Sampling(temperature=1.0, max_new_tokens=16_384),
    optimiser=Optimiser(learning_rate=1e-6, schedule="constant"),
    advantage=Advantage(baseline="group_mean", scale="none", tau=1.0),
    loss=Loss(objective="mirror_descent", tau=0.01, normaliser="sequence_sum", kl_weight=0.0, reference="current"),
    max_pixels=3_211_264,
    citations={
        "group_size": UNPUBLISHED + "8 (the report's k), because k1.5 draws 8 samples elsewhere",
        "prompts_per_step": UNPUBLISHED + "64, because four updates a step then see 16 prompts each",
        "epochs": UNPUBLISHED + "1 with the easy rows first, because a second one by priority follows",
        "updates_per_step": UNPUBLISHED
        + "4, because with a single update an iteration the penalty tau / 2 d^2 has no gradient",
        "reset_optimiser": "k1.5 §2.3.2: the optimiser starts anew in every iteration",
        "sampler.warmup_steps": "k1.5 Fig. 9: all rows up to iteration 24 (read off), then only hard ones; §2.3.4 says "
        "to go gradually from easy to hard; Kimi-VL confirms curriculum sampling",
        "sampler.hardest": UNPUBLISHED + "0.5, because the labels are pass rates and half of them is the plain reading",
        "sampling.temperature": UNPUBLISHED + "1 (the README recommends 0.8 for use)",
        "sampling.max_new_tokens": "unpublished for RL; ours: 16k, because Kimi-VL's test-time figure ends there",
        "optimiser.learning_rate": UNPUBLISHED + "1e-6, because most published runs with full weights use it",
        "optimiser.schedule": UNPUBLISHED + "constant, because the optimiser starts anew in every iteration",
        "advantage.baseline": "k1.5 §2.3.2: the mean reward in place of tau log Z",
        "advantage.scale": "k1.5 §2.3.2: no division by a standard deviation",
        "loss.objective": "k1.5 §2.3.2, eq. 3; Kimi-VL §RL uses the same",
        "loss.tau": UNPUBLISHED + "0.01, because the open re-implementation OpenKimi@3126d4c has it",
        "loss.normaliser": "k1.5 §2.3.2: log-probs of whole responses, no length normalisation",
        "loss.kl_weight": "k1.5 §2.3.2: the squared log ratio takes the place of a KL term",
        "loss.reference": "k1.5 §2.3.2: the current iterate",
        "max_pixels": "Kimi-VL: native resolution, limit unpublished; ours: 4,096 tokens of 28 x 28 px a picture",
    },
)


def _without_sampler(stage: Grpo) -> dict[str, str]:
    """The stage's citations but for those of its sampler."""
    return {path: text for path, text in stage.citations.items() if not path.startswith("sampler.")}


PRIORITISED = replace(
    CURRICULUM,
    name="prioritised",
    sampler=Prioritised(),
    length_reward=LengthReward(weight=0.2),
    citations={
        **_without_sampler(CURRICULUM),
        "sampler": "k1.5 §2.3.4: p proportional to 1 - success rate",
        "length_reward.weight": UNPUBLISHED + "0.2, so that brevity never outweighs a right answer",
        "length_reward.after_steps": (
            "k1.5 §2.3.3: first without the penalty, then with a constant one; ours: the stage before this one has "
            "none, because the length of the warm-up is unpublished"
        ),
    },
)

STAGES: tuple[TrainingStage, ...] = (SFT, CURRICULUM, PRIORITISED)


def _published(benchmark: Benchmark, *scores: tuple[str, str, float]) -> Benchmark:
    """A shared benchmark with Kimi's prompt, sampling and numbers; `scores` are (model, role, per cent)."""
    numbers = tuple(
        Published(model=model, role=role, score_percent=score, rows=None, source="Kimi-VL, arXiv 2504.07491, Pass@1")
        for model, role, score in scores
    )
    sampling = held_out_kimi_mix.BENCHMARK.sampling
    return replace(benchmark, prompt=held_out_kimi_mix.PROMPT, sampling=sampling, published=numbers)


def _sizes(instruct: float, thinking: float, newest: float) -> tuple[tuple[str, str, float], ...]:
    return (
        ("Kimi-VL-A3B-Instruct", "base", instruct),
        ("Kimi-VL-A3B-Thinking", "tuned", thinking),
        ("Kimi-VL-A3B-Thinking-2506", "tuned", newest),
    )


METHOD = Method(
    name="kimi_vl_thinking",
    title="Kimi-VL-Thinking",
    summary=(
        "Long-CoT fine-tuning, then online policy mirror descent with curriculum, prioritised sampling and a length "
        "reward; Kimi-VL reports MathVision going from 21.4 (Instruct) to 36.8 per cent."
    ),
    paper="arXiv 2504.07491 (Kimi-VL), arXiv 2501.12599 (Kimi k1.5)",
    code="none published; formulas of Kimi k1.5 (MoonshotAI/Kimi-k1.5@cf9a8785)",
    licence="MIT (models)",
    backbone=Backbone(
        hub_id="moonshotai/Kimi-VL-A3B-Instruct",
        revision=None,
        architecture="kimi_k25",
        licence="MIT",
        remote_code=True,
    ),
    tasks=(LONG_COT, REASONING),
    stages=STAGES,
    benchmarks=(
        held_out_kimi_mix.BENCHMARK,
        _published(math_vision.BENCHMARK, *_sizes(21.4, 36.8, 56.9)),
        _published(math_vista.BENCHMARK, *_sizes(68.7, 71.3, 80.1)),
        _published(mmmu_val.BENCHMARK, *_sizes(57.0, 61.7, 64.0)),
        _published(mmmu_pro.BENCHMARK, ("Kimi-VL-A3B-Thinking-2506", "tuned", 46.3)),
        _published(video_mmmu.BENCHMARK, ("Kimi-VL-A3B-Thinking-2506", "tuned", 65.2)),
    ),
    departures=(
        Departure(
            name="own_rows",
            text=(
                "Neither the RL set nor the long-CoT set is published; rows in a documented form are brought by the "
                "user, and the laptop adds up dice."
            ),
        ),
        Departure(
            name="judge",
            text=(
                "k1.5's chain-of-thought reward model, trained on 800,000 examples, is not published; any language "
                "model behind an endpoint takes its place, sees only what follows the reasoning, and ends with the "
                "same kind of JSON verdict."
            ),
        ),
        Departure(
            name="two_samplers",
            text=(
                "The reports name curriculum and prioritised sampling without saying how they combine; here the "
                "curriculum is a first RL stage and priority a second one."
            ),
        ),
        Departure(
            name="confirmed_features",
            text=(
                "Kimi-VL itself confirms mirror descent, length reward, curriculum and prioritised sampling; partial "
                "rollouts and long2short, which surveys list, are k1.5's and are variants here."
            ),
        ),
        Departure(
            name="all_solved",
            text=(
                "Where every row is solved k1.5's sampling probabilities are 0 / 0; here rows are then drawn uniformly."
            ),
        ),
        Departure(
            name="dpo_boundary",
            text=(
                "k1.5 rejects right answers that are 1.5 times longer without saying whether exactly 1.5 counts; here "
                "it does."
            ),
        ),
        Departure(
            name="checkpoint_commit",
            text="The commit of the checkpoint, whose own code is executed, has not been established; a Hub read asks.",
        ),
        Departure(
            name="tiny_architecture",
            text=(
                "transformers has no Kimi-VL; the tiny model is a Kimi K2.5, whose vision tower and decoder are of the "
                "same families."
            ),
        ),
    ),
)


def _variant(name: str, title: str, summary: str, *stages: TrainingStage) -> Method:
    """A variant with other stages, for which Kimi-VL prints no figures but those of the base."""
    return replace(
        METHOD,
        name=f"{METHOD.name}/{name}",
        title=f"{METHOD.title} ({title})",
        summary=summary,
        stages=stages,
        benchmarks=tuple(
            replace(benchmark, published=tuple(number for number in benchmark.published if number.role == "base"))
            for benchmark in METHOD.benchmarks
        ),
    )


def _in_parts(stage: Grpo) -> Grpo:
    cited = {"partial_rollouts.tokens_per_step": UNPUBLISHED + "4k, a quarter of the longest response"}
    return replace(
        stage,
        partial_rollouts=PartialRollouts(tokens_per_step=4096),
        citations={
            **stage.citations,
            **cited,
            "partial_rollouts": "k1.5 §2.6.2; tokens of earlier steps carry no loss",
        },
    )


MERGE = Merge(
    other="base", weight=0.5, citations={"other": "k1.5 §2.4: a short model", "weight": "k1.5 §2.4: plain average"}
)

SHORTEST = ShortestSft(
    fit=Sft(optimiser=SFT.optimiser, batch_size=SFT.batch_size),
    tasks=("reasoning",),
    samples=8,
    sampling=CURRICULUM.sampling,
    citations={
        "samples": "k1.5 §2.4: n = 8",
        "sampling.temperature": UNPUBLISHED + "as in RL",
        "sampling.max_new_tokens": UNPUBLISHED + "as in RL",
        **{f"fit.{path}": UNPUBLISHED + "as in the long-CoT stage" for path in SFT.citations if path != "epochs"},
    },
)

DPO = Dpo(
    tasks=("reasoning",),
    optimiser=Optimiser(learning_rate=5e-7, schedule="cosine", final_fraction=0.1),
    samples=8,
    sampling=CURRICULUM.sampling,
    ratio=1.5,
    beta=0.1,
    citations={
        "optimiser.learning_rate": UNPUBLISHED + "5e-7, because DPO of full weights usually has it",
        "optimiser.schedule": UNPUBLISHED + "cosine, as in the long-CoT stage",
        "optimiser.final_fraction": UNPUBLISHED + "a tenth, as in the long-CoT stage",
        "samples": UNPUBLISHED + "8, as in shortest rejection sampling",
        "sampling.temperature": UNPUBLISHED + "as in RL",
        "sampling.max_new_tokens": UNPUBLISHED + "as in RL",
        "ratio": "k1.5 §2.4: 1.5",
        "beta": UNPUBLISHED + "0.1, as Rafailov et al. 2023",
    },
)

SHORT_RL = replace(
    PRIORITISED,
    name="short",
    length_reward=LengthReward(weight=1.0),
    sampling=replace(PRIORITISED.sampling, max_new_tokens=4096),
    citations={
        **PRIORITISED.citations,
        "sampling.max_new_tokens": "k1.5 §2.4: significantly reduced, the figure unpublished; ours: a quarter",
        "length_reward.weight": UNPUBLISHED + "1, as the formula stands",
        "length_reward.after_steps": "k1.5 §2.4: the length penalty applies throughout this phase",
    },
)

METHODS = (
    METHOD,
    _variant(
        "partial_rollouts",
        "partial rollouts",
        "Responses that do not end within a step's token budget go on in the next one (Kimi k1.5 §2.6.2).",
        SFT,
        _in_parts(CURRICULUM),
        _in_parts(PRIORITISED),
    ),
    _variant(
        "merge",
        "long2short by merging",
        "The tuned model's weights averaged with those of the short model it came from (Kimi k1.5 §2.4).",
        *STAGES,
        MERGE,
    ),
    _variant(
        "shortest",
        "long2short by shortest rejection sampling",
        "Fine-tuning on the shortest right one of eight responses (Kimi k1.5 §2.4).",
        *STAGES,
        SHORTEST,
    ),
    _variant(
        "dpo",
        "long2short by DPO",
        "The shortest right response preferred to longer wrong ones and to right ones 1.5 times as long (k1.5 §2.4).",
        *STAGES,
        DPO,
    ),
    _variant(
        "long2short_rl",
        "long2short by RL",
        "A further RL phase with the length reward and much shorter rollouts (Kimi k1.5 §2.4).",
        *STAGES,
        SHORT_RL,
    ),
)
"""All variants, the principal one first."""
