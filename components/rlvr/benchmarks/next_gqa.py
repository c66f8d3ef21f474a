"""NExT-GQA, test part: mean overlap of the moments that show the answer, accuracy of its letter, and both together.

The set's own measure is Acc@GQA (arXiv 2309.01327): the answer is right, and at least half of the given moments lies in
the true ones. VideoChat-R1 prints the first two.
"""

from dataclasses import replace

from rlvr.benchmarks import charades_sta
from rlvr.benchmarks.benchmark import Published
from rlvr.datasets import next_gqa
from rlvr.prompts import Prompt
from rlvr.scoring import video_answers

PROMPT = Prompt(
    template=(
        "{question}\nReason inside <think> </think>, give the letter inside <answer> </answer>, then the moments that "
        "show it inside <glue> </glue> as [(start, end), ...] in seconds."
    ),
    media="after",
)
"""Answer and moments: text before the video, tags and formats are upstream's, the wording is ours."""

NOTHINK = Prompt(
    template=(
        "{question}\nGive the letter inside <answer> </answer>, then the moments that show it inside <glue> </glue> as "
        "[(start, end), ...] in seconds."
    ),
    media="after",
)
"""The same without reasoning."""

LETTER = Prompt(
    template="{question}\nReason inside <think> </think>, then give the letter inside <answer> </answer>.",
    media="after",
)
"""The answer alone."""

GROUNDING = replace(
    charades_sta.BENCHMARK,
    name="next_gqa",
    title="NExT-GQA test (mIoU)",
    source=next_gqa.TEST,
    prompt=PROMPT,
    published_rule=video_answers.moments_published,
    strict_rule=video_answers.moments_strict,
    published=(
        Published(
            model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=15.4, rows=5553, source=charades_sta.TABLE
        ),
        Published(model="fine-tuned on NExT-GQA", role="sft", score_percent=28.2, rows=5553, source=charades_sta.TABLE),
        Published(model="VideoChat-R1", role="tuned", score_percent=32.4, rows=5553, source=charades_sta.TABLE),
        Published(
            model="VideoChat-R1-thinking", role="tuned", score_percent=36.1, rows=5553, source=charades_sta.TABLE
        ),
    ),
)

ACCURACY = replace(
    GROUNDING,
    name="next_gqa_accuracy",
    title="NExT-GQA test (accuracy)",
    published_rule=video_answers.letter_published,
    strict_rule=video_answers.letter_strict,
    recall_at=(),
    published=(
        Published(
            model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=59.5, rows=5553, source=charades_sta.TABLE
        ),
        Published(model="fine-tuned on NExT-GQA", role="sft", score_percent=64.8, rows=5553, source=charades_sta.TABLE),
        Published(model="VideoChat-R1", role="tuned", score_percent=70.6, rows=5553, source=charades_sta.TABLE),
        Published(
            model="VideoChat-R1-thinking", role="tuned", score_percent=69.2, rows=5553, source=charades_sta.TABLE
        ),
    ),
)

JOINT = replace(
    ACCURACY,
    name="next_gqa_joint",
    title="NExT-GQA test (Acc@GQA)",
    published_rule=video_answers.joint_published,
    strict_rule=video_answers.joint_strict,
    published=(),
)
"""`rlvr score next_gqa_joint --predictions FILE --rows DIR` computes it from the replies to either of the others."""
