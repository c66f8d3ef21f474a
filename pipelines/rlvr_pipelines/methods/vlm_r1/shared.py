"""What VLM-R1's variants share: the RL stage of the script at the last commit, sources of numbers, departures."""

from rlvr.benchmarks.benchmark import Published
from rlvr.method import Departure
from rlvr.training import Advantage, Grpo, Loss, Optimiser, Sampling

GRPO = Grpo(
    group_size=8,
    prompts_per_step=16,
    epochs=2.0,
    sampling=Sampling(temperature=1.0, top_k=50, max_new_tokens=2048),
    optimiser=Optimiser(learning_rate=1e-6, schedule="linear"),
    advantage=Advantage(baseline="group_mean", scale="group_std", epsilon=1e-4, ddof=1),
    loss=Loss(objective="clipped", clip_low=0.2, clip_high=0.2, kl_weight=0.04),
    min_pixels=3136,
    max_pixels=12_845_056,
    checkpoint_every=100,
    citations={
        "group_size": "run_grpo_rec.sh@90052f4, arXiv 2504.07615: 8",
        "prompts_per_step": (
            "run_grpo_rec.sh@90052f4: 8 completions a GPU x accumulation 2 x 8 GPUs / 8 = 16; the unchanged numbers "
            "of v0.1.0 to v0.2.1 give 2 with their sampler, 16 before it; the survey's 8 x 8 is one micro-step; which "
            "of them made the published numbers is not stated"
        ),
        "epochs": "run_grpo_rec.sh@90052f4, paper: 2; the paper's curves end at 600 steps",
        "sampling.temperature": "grpo_trainer.py@90052f4: hard-coded 1 in every tag; the paper says 0.9",
        "sampling.top_k": "Hugging Face generation default, unset in the trainer",
        "sampling.max_new_tokens": "run_grpo_rec.sh@90052f4: 2048 (unset, so 256, before; 1024 did as well: blog)",
        "optimiser.learning_rate": "run_grpo_rec.sh@90052f4, paper",
        "optimiser.schedule": "TRL default: linear without warm-up",
        "advantage.epsilon": "grpo_trainer.py@90052f4",
        "advantage.ddof": "grpo_trainer.py@90052f4: torch's unbiased std",
        "loss.objective": "grpo_trainer.py@90052f4: clipped ratio, which is 1 with one iteration a batch",
        "loss.clip_low": "TRL default epsilon 0.2",
        "loss.clip_high": "TRL default epsilon 0.2 (run_grpo_rec_more_params.sh: epsilon_high 0.28)",
        "loss.kl_weight": "run_grpo_rec.sh@90052f4, paper: 0.04 for referring expressions",
        "min_pixels": "script default@90052f4",
        "max_pixels": "script default@90052f4",
        "checkpoint_every": "run_grpo_rec.sh@90052f4",
    },
)

TABLE = "arXiv 2504.07615v2"
SMALL = "Qwen2.5-VL-3B-Instruct"


def published(name: str, *scores: tuple[str, str, float], split: str | None = None) -> tuple[Published, ...]:
    """Printed scores as (model, role, per cent); `split` says what was scored if not the benchmark's own rows."""
    return tuple(
        Published(model=model, role=role, score_percent=score, rows=None, source=f"{TABLE}, {name}", split=split)
        for model, role, score in scores
    )


COMMON = (
    Departure(
        name="wording",
        text="The user text is our wording; tags, keys, formats and the order of parts are upstream's.",
    ),
    Departure(
        name="symbolic_limits",
        text=(
            "math-verify runs with 2 seconds of processor time a pair, and texts above 65,536 characters are not "
            "compared; upstream has limits of seconds and none."
        ),
    ),
    Departure(
        name="data_commit",
        text="The commits of the data sets have not been established; a Hub read asks for one, a folder does not.",
    ),
)

SMALL_PICTURES = Departure(
    name="small_pictures",
    text=(
        "Upstream enlarges pictures with a side below 28 px and then, through stale sizes, shrinks later pictures of "
        "the batch; here the processor resizes each picture by itself."
    ),
)

DETECTION_FRAME = Departure(
    name="detection_frame",
    text=(
        "The detection reward compares boxes of the processor's grid with boxes of the original picture, as upstream "
        "does; the benchmarks scale the answers to the picture first."
    ),
)
