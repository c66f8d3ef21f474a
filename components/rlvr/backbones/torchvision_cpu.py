"""Let torchvision load beside a CPU build of torch.

The torchvision wheels on package indexes are linked against CUDA builds of torch; beside a CPU build their compiled
operators cannot load and `import torchvision` fails on a missing `torchvision::nms`. Transformers' processors need
only torchvision's pure-torch transforms, so declaring the two operator names is enough.
"""

import sys
from typing import Any

_declared: list[Any] = []


def import_torchvision() -> None:
    """Import torchvision, declaring its two missing operators first where its extension does not load."""
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)  # the declarations live as long as the library object
        import torchvision  # noqa: F401
