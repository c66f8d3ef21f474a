"""r1-vlm (Groundlight, 2025-03): reading and adding handwritten digits with 3B parameters. groundlight/r1_vlm @ d87e650

Reproduce on a laptop:  rlvr run r1_vlm
"""

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import held_out_digits
from rlvr.datasets import digit_recognition
from rlvr.method import Departure, Method, Reward, Task
from rlvr.rewards import digits, think_format
from rlvr.training import Advantage, Grpo, Loss, Optimiser, Sampling

DIGITS = Task(
    name="digits",
    source=digit_recognition.TRAIN,
    prompt=held_out_digits.PROMPT,
    rewards=(
        Reward(function=digits.correctness, with_prefill=True),
        Reward(function=think_format.one_newline, with_prefill=True),
    ),
)

GRPO = Grpo(
    tasks=("digits",),
    group_size=15,
    prompts_per_step=4,
    epochs=1.0,
    sampling=Sampling(temperature=1.0, max_new_tokens=512),
    optimiser=Optimiser(learning_rate=1e-6, schedule="cosine", beta2=0.98),
    advantage=Advantage(baseline="group_mean", scale="group_std", epsilon=1e-4, ddof=1),
    loss=Loss(
        objective="ratio_one", kl_weight=0.001, reference="synchronised", reference_sync_steps=64, reference_mixup=0.9
    ),
    min_pixels=3136,
    max_pixels=12_845_056,
    checkpoint_every=20,
    citations={
        "group_size": "train.py@d87e650, digits: 5 per device x 3 devices (the survey's 1 x 9 is the sequences task)",
        "prompts_per_step": "train.py@d87e650, digits: gradient accumulation 4",
        "epochs": "train.py@d87e650",
        "sampling.temperature": "train.py@d87e650; vLLM, top_p 1",
        "sampling.max_new_tokens": "train.py@d87e650, digits",
        "optimiser.learning_rate": "train.py@d87e650",
        "optimiser.schedule": "train.py@d87e650: cosine without warm-up",
        "optimiser.beta2": "train.py@d87e650",
        "advantage.epsilon": "groundlight/trl@546cab4, qwen_grpo_trainer.py",
        "advantage.ddof": "groundlight/trl@546cab4: torch's unbiased std",
        "loss.objective": "groundlight/trl@546cab4: no clip, one inner iteration",
        "loss.kl_weight": "train.py@d87e650: 0.001 (the survey says 0.01, which is not in the history of the code)",
        "loss.reference_sync_steps": "train.py@d87e650: every 64 steps",
        "loss.reference_mixup": "train.py@d87e650: 0.9 of the policy + 0.1 of the old reference",
        "min_pixels": "no resize is set upstream; the processor's own limits",
        "max_pixels": "no resize is set upstream; the processor's own limits",
        "checkpoint_every": "train.py@d87e650, digits",
    },
)

METHOD = Method(
    name="r1_vlm",
    title="r1-vlm (digits)",
    summary=(
        "GRPO without a cold start on pictures of one to three handwritten digits, to be listed or added. "
        "Upstream reports a training curve that reaches about 0.97 in 500 steps."
    ),
    paper="groundlight.ai/blog/visual-reasoning-models",
    code="groundlight/r1_vlm@d87e650",
    licence="MIT",
    backbone=Backbone(
        hub_id="Qwen/Qwen2.5-VL-3B-Instruct",
        revision="66285546d2b821cf421d4f5eb2576359d3770cd3",
        architecture="qwen2_5_vl",
        licence="Qwen Research License",
    ),
    tasks=(DIGITS,),
    stages=(GRPO,),
    benchmarks=(held_out_digits.BENCHMARK,),
    departures=(
        Departure(
            name="mixed_digit_batch",
            text=(
                "Upstream's correctness reward decides the task by the first row of a batch, because its guard "
                "against mixed batches never triggers; here every row is scored by its own task."
            ),
        ),
        Departure(
            name="wording",
            text="The user text is our wording; tags, answer formats and the prefilled opening are upstream's.",
        ),
        Departure(
            name="own_evaluation",
            text="Upstream publishes no evaluation rows; ours are composed of real scans held out from training.",
        ),
        Departure(
            name="data_commit",
            text="The commit of the data set has not been established; a Hub read asks for one.",
        ),
    ),
)

METHODS = (METHOD,)
"""All variants, the principal one first."""
