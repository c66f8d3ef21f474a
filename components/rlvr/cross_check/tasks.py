"""Which of our benchmarks lmms-eval 0.7.3 scores by rules, under which names, and with which known defects.

Its figures are a cross-check, never the scores of record: prompts, extraction and the copies of the data are its own,
and the data are read from the Hub by name, without a commit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = "0.7.3"
"""The lmms-eval that this table describes; `images/lmms-eval` pins it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedTask:
    """One benchmark that both have."""

    task: str
    """lmms-eval's name of the task."""
    metric: str
    """Its metric that corresponds to our published rule."""
    percent: bool = False
    """Whether lmms-eval gives the metric in per cent; else as a share."""
    verdict: tuple[str, ...] = ()
    """Path to a sample's own verdict (right or wrong) below its metric, `()` where a sample carries none."""
    answer: tuple[str, ...] = ()
    """Path to the answer that was read in a sample; an empty text or four zeros mean that none was."""
    defects: tuple[str, ...] = ()
    """What makes its figure differ from ours, found by reading version 0.7.3."""


GUESSES = "where no option can be read, an option is drawn at random (mmmu_mcq_utils.py), so that nothing is unparsed"
PREFIX = "the first letter of the reply counts as the answer: `The answer is (B)` is read as T"
LETTER_ONLY = "its prompt asks for a letter alone, so that a model that reasons answers another question"
UNIT_BOXES = "it reads boxes between 0 and 1 only, so that answers in pixels or thousandths score 0; unread ones are 0"


def _refcoco(task: str) -> SharedTask:
    return SharedTask(task=task, metric="refcoco_ACC@0.5", answer=("pred",), defects=(UNIT_BOXES,))


SHARED: Mapping[str, SharedTask] = {
    "blink_relative_depth": SharedTask(
        task="blink_relative_depth", metric="blink_acc", verdict=("is_correct",), answer=("pred_parsed",)
    ),
    "blink_spatial_relation": SharedTask(
        task="blink_spatial_relation", metric="blink_acc", verdict=("is_correct",), answer=("pred_parsed",)
    ),
    "charades_sta": SharedTask(
        task="temporal_grounding_charades",
        metric="charades_sta_mIOU",
        percent=True,
        defects=("it generates 50 tokens, which cuts reasoning off before the answer",),
    ),
    "cv_bench": SharedTask(
        task="cv_bench",
        metric="cv_bench_acc",
        verdict=("is_correct",),
        answer=("pred_parsed",),
        defects=(PREFIX, LETTER_ONLY),
    ),
    "math_vision": SharedTask(
        task="mathvision_test", metric="mathvision_standard_eval", percent=True, verdict=("scores", "0")
    ),
    "math_vision_mini": SharedTask(
        task="mathvision_testmini", metric="mathvision_standard_eval", percent=True, verdict=("scores", "0")
    ),
    "mmmu_pro": SharedTask(task="mmmu_pro_standard", metric="mmmu_acc", defects=(GUESSES, LETTER_ONLY)),
    "mmmu_pro_vision": SharedTask(
        task="mmmu_pro_vision",
        metric="mmmu_acc",
        defects=("the whole reply is compared with the letter", LETTER_ONLY),
    ),
    "mmmu_val": SharedTask(
        task="mmmu_val", metric="mmmu_acc", defects=(GUESSES, LETTER_ONLY, "it reads the copy lmms-lab-encoder/MMMU")
    ),
    "next_qa": SharedTask(task="nextqa_mc_test", metric="exact_match", verdict=()),
    "refcoco_plus_test_a": _refcoco("refcoco+_bbox_rec_testA"),
    "refcoco_plus_test_b": _refcoco("refcoco+_bbox_rec_testB"),
    "refcoco_plus_val": _refcoco("refcoco+_bbox_rec_val"),
    "refcoco_test_a": _refcoco("refcoco_bbox_rec_testA"),
    "refcoco_test_b": _refcoco("refcoco_bbox_rec_testB"),
    "refcoco_val": _refcoco("refcoco_bbox_rec_val"),
    "refcocog_test": _refcoco("refcocog_bbox_rec_test"),
    "refcocog_val": _refcoco("refcocog_bbox_rec_val"),
}
"""Our benchmark -> its task."""

JUDGED: Mapping[str, str] = {
    "emma": "emma",
    "emma_mini": "emma-mini",
    "logic_vista": "logicvista_reasoning",
    "math_verse": "mathverse_testmini",
    "math_vista": "mathvista_testmini_cot",
    "olympiad_bench": "olympiadbench_OE_MM_maths_en_COMP",
}
"""Benchmarks whose lmms-eval task asks a language model through an API: they are not cross-checked."""

GENERAL_DEFECTS = (
    "data sets are read from the Hub by name, without a commit",
    "an unclosed think block is not stripped, so that a reply that was cut off is read from its thoughts",
)
"""What holds for every task."""


def shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the benchmarks that are cross-checked, in their order."""
    return tuple(name for name in names if name in SHARED)
