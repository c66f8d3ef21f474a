"""Refusing what cannot fit, with the arithmetic and the nearest setting that does."""

from dataclasses import replace

from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr.plan.gpu import GPUS
from rlvr.plan.method_plan import Setting, plan_method
from rlvr.plan.profile_lines import profile_text, set_options
from rlvr.plan.proposals import Proposal, nearest
from rlvr.plan.stage_plan import StagePlan


def check_fits(method: Method, setting: Setting, profile: str) -> tuple[StagePlan, ...]:
    """The plans of a method that fits; else an `RlvrError` with the arithmetic and the way out.

    `profile` is the name that a profile of one's own would extend.
    """
    plans = plan_method(method, setting)
    if all(plan.fits for plan in plans):
        return plans
    reasons = [reason for plan in plans for reason in plan.lacking]
    raise RlvrError("\n".join([f"{method.name} does not fit.", *reasons, way_out(method, setting, profile)]))


def way_out(method: Method, setting: Setting, profile: str) -> str:
    """In words and lines to copy: what would fit."""
    return in_words(*alternatives(method, setting), profile)


def in_words(found: Proposal | None, other: Proposal | None, profile: str) -> str:
    """What `alternatives` found."""
    parts = [described(found, profile)] if found else []
    if other:
        name = other.setting.train.gpu.name
        stays = "" if _changes_method(other) else " the method stays as it is and"
        more = "it fits with changes." if other.changes else "nothing else is changed."
        parts.append(f"With {name} instead (--gpu {name}){stays} {more}")
        if other.changes:
            parts.append(described(other, profile))
    return "\n".join(parts) or (
        "Nothing that was tried fits: neither more nodes, ZeRO and offloading, nor adapters and shorter completions, "
        "on these GPUs or larger ones. The largest terms above say what stands in the way."
    )


def alternatives(method: Method, setting: Setting) -> tuple[Proposal | None, Proposal | None]:
    """The nearest setting on these GPUs; and, where it changes the method or does not exist, that on larger ones.

    On larger ones the method is changed, too, only when it fits nowhere else.
    """
    found = nearest(method, setting)
    if found and not _changes_method(found):
        return found, None
    larger = on_larger_gpus(method, setting)
    if not found and not larger:
        larger = on_larger_gpus(method, setting, same_method=False)
    return found, larger


def on_larger_gpus(method: Method, setting: Setting, *, same_method: bool = True) -> Proposal | None:
    """The smallest larger GPU on which the method fits, with what else that takes."""
    for gpu in GPUS:
        if gpu.memory > setting.train.gpu.memory:
            larger = replace(
                setting, train=replace(setting.train, gpu=gpu), evaluate=replace(setting.evaluate, gpu=gpu)
            )
            if found := nearest(method, larger, same_method=same_method):
                return found
    return None


def _changes_method(proposal: Proposal) -> bool:
    return any(change.changes_method for change in proposal.changes)


def described(proposal: Proposal, profile: str) -> str:
    """The changes, and a profile that makes them."""
    words = "; ".join(dict.fromkeys(change.words for change in proposal.changes))
    kind = "Nearest that fits"
    if _changes_method(proposal):
        kind += ", though no longer the published method"
    text = f"{kind}: {words}. As a profile of your own:\n\n{profile_text(proposal.changes, profile)}"
    if options := set_options(proposal.changes):
        text += f"\nIts last table can be given as options instead: {options}\n"
    return text
