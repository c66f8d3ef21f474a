"""Memory of weights, gradients, optimiser state and reference on one GPU, as the two engines hold them.

Plain engine (`rlvr.rl.engine.Plain`): all of it on every process; weights below float32 are trained as float32 copies
that collect float32 gradients. DeepSpeed (`rlvr.rl.deepspeed_engine`, 0.19): stage 1 splits float32 weights and
moments, stage 2 also gradients, stage 3 also weights; frozen models and references are never split.
"""

from dataclasses import dataclass

from rlvr.training import Scale

BUCKET = 500_000_000
"""Elements of DeepSpeed's buffer for gradients on their way (`reduce_bucket_size`, its default)."""
LIVE = 1_000_000_000
"""Elements that ZeRO-3 keeps gathered while layers use them (`stage3_max_live_parameters`, its default)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class States:
    """Bytes on one GPU that do not depend on tokens."""

    weights: float
    """Weights between steps."""
    gathered: float
    """Further weights while completions are drawn: ZeRO-3 brings all of them to every GPU."""
    live: float
    """Further weights while layers are computed under ZeRO-3."""
    masters: float
    """Float32 copies of trained weights."""
    gradients: float
    """Gradients at the end of an update's backward passes."""
    kept_gradients: float
    """The part of them that stays allocated between updates."""
    moments: float
    """AdamW's two moments, float32."""
    reference: float
    """Reference model."""
    buffers: float
    """Gradients on their way between processes."""
    step: float
    """What AdamW's step needs for a moment: a root of the second moments, and a float32 gradient under ZeRO-1."""
    host: float
    """On the host for each process: offloaded float32 weights, moments and gradients."""


def states(
    *, total: int, trained: int, largest: int, precision: int, scale: Scale, processes: int, reference: bool
) -> States:
    """What one of `processes` GPUs holds.

    total, trained: parameters; largest: those of the largest matrix; precision: bytes of a weight (2 or 4);
    reference: whether a reference model of the same size stands beside the policy.
    """
    other = float(precision * total) if reference else 0.0
    if not scale.zero_stage:
        masters = 4.0 * trained if precision < 4 else 0.0
        passing = float(precision * largest) if precision < 4 else 0.0  # one weight's gradient before it is added up
        return States(
            weights=float(precision * total),
            gathered=0.0,
            live=0.0,
            masters=masters,
            gradients=4.0 * trained + passing,
            kept_gradients=0.0,
            moments=8.0 * trained,
            reference=other,
            buffers=0.0,
            step=4.0 * trained,
            host=0.0,
        )
    part = trained / processes
    split, offload = scale.zero_stage == 3, scale.offload_optimiser
    weights = precision * total / processes if split else float(precision * total)
    master = 4.0 * part
    if scale.zero_stage == 1:
        gradients, kept, step = float(precision * trained), 0.0, (8.0 + precision) * part
    elif scale.zero_stage == 2:
        gradients, kept, step = 4.0 * part, 0.0, 4.0 * part
    else:
        gradients, kept, step = 4.0 * part, 4.0 * part, 4.0 * part + 4.0 * min(part, LIVE)
    host = 0.0
    if offload:
        gradients = gradients if scale.zero_stage == 1 or split else 0.0
        host = (16.0 if split else 20.0 + precision) * part
    return States(
        weights=weights,
        gathered=precision * total - weights,
        live=float(precision * min(total, LIVE)) if split else 0.0,
        masters=0.0 if offload else master,
        gradients=gradients,
        kept_gradients=kept,
        moments=0.0 if offload else 8.0 * part,
        reference=other,
        buffers=float(precision * BUCKET),
        step=0.0 if offload else step,
        host=host,
    )
