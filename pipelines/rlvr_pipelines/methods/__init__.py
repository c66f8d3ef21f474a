"""The methods, in an explicit table. A new method is one file here and one line in `MODULES`."""

import difflib

from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr_pipelines.methods import r1_v, r1_vlm

MODULES = (
    r1_v,
    r1_vlm,
)
"""A module a method; its `METHODS` are the method's variants, the principal one first."""

METHODS: dict[str, Method] = {method.name: method for module in MODULES for method in module.METHODS}
"""Every method and variant by name: `r1_v`, `r1_v/geometry`."""


def method(name: str) -> Method:
    """The method of that name; `RlvrError` suggests the nearest one."""
    if name in METHODS:
        return METHODS[name]
    near = difflib.get_close_matches(name, METHODS, n=1, cutoff=0.4)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    raise RlvrError(f"There is no method {name!r}.{guess} `rlvr methods` lists them: {', '.join(METHODS)}.")
