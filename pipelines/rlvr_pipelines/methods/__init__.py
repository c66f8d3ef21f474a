"""The methods, in an explicit table. A new method is one file here and one line in `TABLE`."""

import difflib
from importlib import import_module

from rlvr.errors import RlvrError
from rlvr.method import Method

TABLE = (
    "curr_reft",
    "kimi_vl_thinking",
    "metaspatial",
    "mm_eureka",
    "mmr1",
    "open_r1_multimodal",
    "r1_v",
    "r1_vlm",
    "reason_rft",
    "videochat_r1",
    "visual_rft",
    "visualthinker_r1_zero",
    "vl_rethinker",
    "vlm_r1",
)
"""Names of the method files, in alphabetical order."""

FAMILIES: dict[str, tuple[Method, ...]] = {name: import_module(f"{__name__}.{name}").METHODS for name in TABLE}
"""The variants of each method, the principal one first."""

METHODS: dict[str, Method] = {method.name: method for family in FAMILIES.values() for method in family}
"""Every method and variant by name: `r1_v`, `r1_v/geometry`."""


def method(name: str) -> Method:
    """The method of that name; `RlvrError` suggests the nearest one."""
    if name in METHODS:
        return METHODS[name]
    near = difflib.get_close_matches(name, METHODS, n=1, cutoff=0.4)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    raise RlvrError(f"There is no method {name!r}.{guess} `rlvr methods` lists them: {', '.join(METHODS)}.")
