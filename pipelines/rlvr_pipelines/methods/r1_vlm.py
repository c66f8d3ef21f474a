"""r1-vlm (Groundlight, 2025-03): reading digits and decoding messages with 3B parameters. groundlight/r1_vlm @ d87e650

Reproduce on a laptop:  rlvr run r1_vlm    (r1_vlm/words, r1_vlm/sequences)
"""

from dataclasses import replace

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks import decoded_sequences, decoded_words, held_out_digits
from rlvr.datasets import digit_recognition, message_decoding
from rlvr.method import Departure, Method, Reward, Task
from rlvr.rewards import digits, think_format
from rlvr.rewards import message_decoding as decoding
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

WORDS = Task(
    name="words",
    source=message_decoding.WORDS_TRAIN,
    prompt=decoded_words.PROMPT,
    rewards=(
        Reward(function=decoding.word_correctness, with_prefill=True),
        Reward(function=think_format.one_newline, with_prefill=True),
    ),
)

SEQUENCES = Task(
    name="sequences",
    source=message_decoding.SEQUENCES_TRAIN,
    prompt=decoded_sequences.PROMPT,
    rewards=(
        Reward(function=decoding.correctness, with_prefill=True),
        Reward(function=decoding.chars_intermediate, with_prefill=True),
        Reward(function=decoding.correctness_intermediate, with_prefill=True),
        Reward(function=decoding.chars_format, with_prefill=True),
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
        "loss.reference": "train.py@d87e650: sync_ref_model",
        "loss.reference_sync_steps": "train.py@d87e650: every 64 steps",
        "loss.reference_mixup": "train.py@d87e650: 0.9 of the policy + 0.1 of the old reference",
        "min_pixels": "no resize is set upstream; the processor's own limits",
        "max_pixels": "no resize is set upstream; the processor's own limits",
        "checkpoint_every": "train.py@d87e650, digits",
    },
)

GRPO_WORDS = replace(
    GRPO,
    tasks=("words",),
    citations={
        **GRPO.citations,
        "group_size": "train.py@d87e650, words: 5 per device x 3 devices",
        "prompts_per_step": "train.py@d87e650, words: gradient accumulation 4",
        "sampling.max_new_tokens": "train.py@d87e650, words",
        "checkpoint_every": "train.py@d87e650, words",
    },
)

GRPO_SEQUENCES = replace(
    GRPO,
    tasks=("sequences",),
    group_size=9,
    prompts_per_step=5,
    sampling=replace(GRPO.sampling, max_new_tokens=400),
    checkpoint_every=50,
    citations={
        **GRPO.citations,
        "group_size": "train.py@d87e650, sequences: 3 per device x 3 devices, as the survey says (1 x 9)",
        "prompts_per_step": "train.py@d87e650, sequences: gradient accumulation 5",
        "sampling.max_new_tokens": "train.py@d87e650, sequences",
        "checkpoint_every": "train.py@d87e650, sequences",
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

SHARED = tuple(departure for departure in METHOD.departures if departure.name in ("wording", "data_commit"))

METHOD_WORDS = replace(
    METHOD,
    name="r1_vlm/words",
    title="r1-vlm (coded words)",
    summary=(
        "GRPO without a cold start on decoding a word by a picture of letter pairs. Upstream reports a training curve "
        "that reaches about 0.97 in 2,500 steps."
    ),
    tasks=(WORDS,),
    stages=(GRPO_WORDS,),
    benchmarks=(decoded_words.BENCHMARK,),
    departures=(
        *SHARED,
        Departure(
            name="unquoted_word",
            text=(
                "Upstream's prompt shows its example answer in double quotes, and its reward calls a quoted word "
                "wrong; our prompt shows no quotes, the reward is upstream's."
            ),
        ),
        Departure(
            name="own_evaluation",
            text="Upstream publishes no evaluation rows; ours follow its rule with other words and mappings.",
        ),
    ),
)

METHOD_SEQUENCES = replace(
    METHOD,
    name="r1_vlm/sequences",
    title="r1-vlm (coded messages)",
    summary=(
        "GRPO without a cold start on decoding messages of one to three words by a picture of letter pairs. Upstream "
        "reports 96 per cent on its evaluation rows."
    ),
    tasks=(SEQUENCES,),
    stages=(GRPO_SEQUENCES,),
    benchmarks=(decoded_sequences.BENCHMARK,),
    departures=(
        *SHARED,
        Departure(
            name="hub_test_split",
            text=(
                "Upstream divides the Hub's train split once more (80 to 20, seed 42), trains and evaluates on the "
                "parts and leaves the Hub's test split alone; here all of train is trained on, and test is for "
                "evaluation."
            ),
        ),
        Departure(
            name="row_order",
            text=(
                "Upstream keeps the order of its split, called a curriculum, though the split has shuffled the rows; "
                "here the seed orders them."
            ),
        ),
        Departure(
            name="correctness_first",
            text=(
                "The order of the four rewards, whose sum is the same: ours begins with correctness, which also "
                "decides what counts as a solved prompt."
            ),
        ),
    ),
)

METHODS = (METHOD, METHOD_WORDS, METHOD_SEQUENCES)
"""All variants, the principal one first."""
