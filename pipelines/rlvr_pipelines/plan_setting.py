"""From a profile to what a plan asks: machines, scale, batch of evaluation; and the check that a method fits."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr.overrides import parse
from rlvr.plan.assumptions import MEASURED, Assumptions
from rlvr.plan.fits import check_fits as check
from rlvr.plan.gpu import DEFAULT, GPUS, Gpu, gpu_named
from rlvr.plan.machine import Machine, quantity
from rlvr.plan.method_plan import Setting
from rlvr.plan.shape import shapes
from rlvr.plan.stage_plan import StagePlan
from rlvr.training import Scale
from rlvr_pipelines.profile_file import structured
from rlvr_pipelines.profiles import Profile

PRODUCT_LABELS = ("nvidia.com/gpu.product", "cloud.google.com/gke-accelerator")
"""Node labels that say which GPUs a node has."""


def check_fits(method: Method, profile: Profile, gpu: str = "", extends: str = "") -> tuple[StagePlan, ...]:
    """The plans of a method under a profile; an `RlvrError` with the arithmetic and a way out where it cannot fit.

    `extends` is what the user calls the profile, for the lines to copy.
    """
    return check(profile.scaled(method), setting_of(profile, gpu), extends or profile.name)


def require_fit(method: Method, profile: Profile, extends: str, gpu: str = "") -> None:
    """Refuse a pipeline that cannot fit before anything of it runs.

    What cannot be planned passes: profiles without GPUs, stand-ins of the backbone, backbones of unknown sizes.
    """
    backbone = profile.scaled(method).backbone
    if not profile.pods["train"].gpu or backbone.location in ("tiny", "smol") or backbone.hub_id not in shapes():
        return
    try:
        check_fits(method, profile, gpu, extends)
    except RlvrError as error:
        raise RlvrError(f"{error}\nIf you know better, --skip-fit goes on all the same.") from error


def setting_of(profile: Profile, gpu: str = "", assumed: Assumptions = MEASURED) -> Setting:
    """What a profile gives; `gpu` is a short name, left out where the profile's node selector or a default says it."""
    train, evaluate = profile.pods["train"], profile.pods["evaluate"]
    job = profile.scale.job
    gpus, memory = train.gpu, train.memory
    selector = dict(train.node_selector)
    if job:
        gpus, memory = job.gpu or gpus, job.memory or memory
        selector |= job.node_selector
    chosen = gpu_named(gpu) if gpu else selected(selector) or gpu_named(DEFAULT)
    other = gpu_named(gpu) if gpu else selected(evaluate.node_selector) or chosen
    return Setting(
        train=Machine(gpu=chosen, gpus=gpus, host_bytes=_bytes(memory)),
        evaluate=Machine(gpu=other, gpus=evaluate.gpu, host_bytes=_bytes(evaluate.memory)),
        merge_host_bytes=_bytes(profile.pods["weights"].memory),
        scale=profile.scale,
        evaluation_batch=profile.evaluation_batch,
        assumed=assumed,
    )


def selected(selector: Mapping[str, str]) -> Gpu | None:
    """The GPU that a node selector names, if it names one that can be planned."""
    text = next((selector[name].lower() for name in PRODUCT_LABELS if name in selector), "")
    words = re.split(r"[^a-z0-9]+", text)
    kinds = [gpu for gpu in GPUS if gpu.product.lower() in words]
    exact = [gpu for gpu in kinds if f"{gpu.name.rpartition('-')[2]}gb" in words]
    return next(iter(exact or kinds), None)


def with_scale(profile: Profile, settings: Iterable[str]) -> tuple[Profile, list[str]]:
    """The profile with those `--set` options that begin with `scale.`, and the other options."""
    values, others = {}, []
    for text in settings:
        path, value = parse(text)
        if path.startswith("scale."):
            values[path.removeprefix("scale.")] = value
        else:
            others.append(text)
    if not values:
        return profile, others
    given = {name: getattr(profile.scale, name) for name in Scale.__dataclass_fields__ if name != "job"}
    scale = structured(Scale, {**given, **values}, "scale", "--set")
    if scale.nodes < 1 or scale.processes < 1:
        raise RlvrError("--set scale.nodes and scale.processes are at least 1.")
    return replace(profile, scale=replace(scale, job=profile.scale.job)), others


def _bytes(memory: str | None) -> float | None:
    return quantity(memory) if memory else None
