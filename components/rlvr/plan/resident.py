"""What stands on a GPU whatever the tokens, as the items of a phase."""

from rlvr.plan.stage_plan import Item
from rlvr.plan.states import States
from rlvr.training import Scale

WORDS = {
    "weights": ("weights", "the policy"),
    "gathered": ("gathered weights", "ZeRO-3 brings the whole model to every GPU while completions are drawn"),
    "live": ("weights in use", "layers that ZeRO-3 has gathered"),
    "masters": ("float32 weights", "4 bytes a trained parameter"),
    "gradients": ("gradients", "of trained parameters"),
    "kept_gradients": ("gradients", "ZeRO-3 keeps its buffer"),
    "moments": ("optimiser moments", "8 bytes a trained parameter"),
    "reference": ("reference", "a whole model on every GPU"),
    "buffers": ("communication", "gradients on their way between processes"),
    "step": ("AdamW in passing", "a root of the second moments"),
}
"""Label and explanation of each part of `States`."""


def named(held: States, *names: str) -> tuple[Item, ...]:
    """Parts of the states as items."""
    return tuple(Item(label=WORDS[name][0], bytes=getattr(held, name), how=WORDS[name][1]) for name in names)


def resident(held: States, *, learning: bool = True) -> tuple[Item, ...]:
    """What stands on the GPU in every phase; gradients only while a step is learnt."""
    return named(held, "weights", "masters", "gradients" if learning else "kept_gradients", "moments", "reference")


def loading(total: int, precision: int, held: States, scale: Scale) -> tuple[Item, ...]:
    """At the start: every process has the whole model on its GPU before DeepSpeed splits it."""
    if not scale.zero_stage:
        return named(held, "weights", "masters")
    whole = Item(label="weights", bytes=float(precision * total), how="the whole model, before it is split")
    return (whole, *named(held, "masters", "buffers"))
