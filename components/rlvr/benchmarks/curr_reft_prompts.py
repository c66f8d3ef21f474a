"""How Curr-ReFT asks: one user turn, tags and answer formats upstream's, wording ours; its evaluation is greedy."""

from rlvr.prompts import Prompt
from rlvr.training import Sampling

TAGS = "Reason inside <think> </think>, then answer inside <answer> </answer>"

JUDGE = Prompt(template=f"{{question}} {TAGS}: yes or no.")
CHOICE = Prompt(template=f"{{question}} {TAGS}: the letter of the right option.")
CHOICES = Prompt(template=f"{{question}} {TAGS}: the letters of all right options.")
OPEN = Prompt(template=f"{{question}} {TAGS}.")
BOX = Prompt(template=f"{{question}} {TAGS}: the box in pixels, as JSON.")

SAMPLING = Sampling(temperature=0.0, max_new_tokens=256)
"""eval/muti_process_eval.py@f123433."""
