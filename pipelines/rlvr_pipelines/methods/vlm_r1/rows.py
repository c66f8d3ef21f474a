"""Screens with defects, and rows of one's own that each name the rule which scores them."""

from dataclasses import replace

from rlvr.benchmarks import gui_defects_held_out, mixed_rules_held_out
from rlvr.datasets import gui_defects, vlm_r1_jsonl
from rlvr.method import Departure, Reward, Task
from rlvr.rewards import answer_by_method, think_format
from rlvr_pipelines.methods.vlm_r1.referring import METHOD
from rlvr_pipelines.methods.vlm_r1.shared import COMMON, DETECTION_FRAME, GRPO, SMALL_PICTURES

GUI = Task(
    name="gui",
    source=gui_defects.TRAIN,
    prompt=gui_defects_held_out.PROMPT,
    rewards=(Reward(function=answer_by_method.accuracy), Reward(function=think_format.fullmatch)),
)

GENERAL = replace(GUI, name="general", source=vlm_r1_jsonl.TRAIN)

JUDGE = Departure(
    name="judge",
    text="Rows with the rule `llm` are not applicable: upstream asks a Qwen2.5-7B server and falls back to equality.",
)

GUI_DEFECTS = replace(
    METHOD,
    name="vlm_r1/gui",
    title="VLM-R1 (GUI defects)",
    summary=(
        "GRPO without a cold start on pairs of screens before and after an operation, whose defect is to be named; "
        "upstream ships the training rows and reports no scores."
    ),
    tasks=(GUI,),
    stages=(
        replace(
            GRPO,
            prompts_per_step=4,
            steps=1200,
            checkpoint_every=400,
            citations={
                **GRPO.citations,
                "prompts_per_step": "run_grpo_gui.sh@90052f4: 2 completions a GPU x accumulation 2 x 8 GPUs / 8",
                "steps": "run_grpo_gui.sh@90052f4: at most 1200",
                "checkpoint_every": "run_grpo_gui.sh@90052f4",
            },
        ),
    ),
    benchmarks=(gui_defects_held_out.BENCHMARK,),
    departures=(
        *COMMON,
        SMALL_PICTURES,
        Departure(
            name="own_evaluation",
            text="Upstream publishes no evaluation rows for this task; ours are drawn offline and held out.",
        ),
    ),
)

OWN_ROWS = replace(
    GUI_DEFECTS,
    name="vlm_r1/general",
    title="VLM-R1 (rows with rules of their own)",
    summary=(
        "GRPO without a cold start on rows of one's own in VLM-R1's jsonl form, each of which names the rule that "
        "scores its answer; upstream publishes the rules and no mixed data."
    ),
    tasks=(GENERAL,),
    stages=(GRPO,),
    benchmarks=(mixed_rules_held_out.BENCHMARK,),
    departures=(*GUI_DEFECTS.departures, JUDGE, DETECTION_FRAME),
)
