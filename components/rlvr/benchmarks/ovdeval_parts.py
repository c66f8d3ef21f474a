"""OVDEval one part at a time, with VLM-R1's figures: prompt and rules are those of `ovdeval`.

Published figures are NMS-AP over all pictures of a part, and so are ours.
"""

from dataclasses import replace

from rlvr.benchmarks import ovdeval
from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets.ovdeval_parts import PARTS

TABLE = "arXiv 2504.07615v2, OVDEval by part, NMS-AP"

PRINTED = {
    "celebrity": (13.2, 50.4, 55.0),
    "logo": (26.5, 34.9, 34.6),
    "landmark": (21.3, 50.7, 47.9),
    "color": (2.9, 4.3, 4.5),
    "material": (11.6, 7.6, 9.7),
    "position": (47.9, 33.7, 42.9),
    "relationship": (13.1, 13.1, 21.5),
    "negation": (38.7, 34.4, 37.7),
}
"""Part -> base, SFT and tuned model of 3B parameters."""


def _published(base: float, sft: float, tuned: float) -> tuple[Published, ...]:
    models = (("Qwen2.5-VL-3B-Instruct", "base"), ("the same, SFT", "sft"), ("VLM-R1 3B, odLength", "tuned"))
    return tuple(
        Published(model=model, role=role, score_percent=score, rows=None, source=TABLE)
        for (model, role), score in zip(models, (base, sft, tuned), strict=True)
    )


BENCHMARKS: tuple[Benchmark, ...] = tuple(
    replace(
        ovdeval.BENCHMARK,
        name=source.name,
        title=source.title,
        source=source,
        macro_by=None,
        published=_published(*PRINTED[part]),
    )
    for part, source in PARTS.items()
)
