import io

import pytest
from rich.console import Console

from rlvr_pipelines.progress_view import ProgressView

LINES = [
    {"time": 0.0, "stage": "verify", "step": 1, "total": 1, "event": "known"},
    {"time": 0.0, "stage": "verify", "step": 1, "total": 1, "event": "done", "outputs": {"out": "ab"}},
    {"time": 1.0, "stage": "grpo", "step": 0, "total": 1, "event": "start"},
    {"time": 2.0, "stage": "grpo", "step": 50, "total": 100, "note": "continuing after step 50"},
    {"time": 14.0, "stage": "grpo", "step": 60, "total": 100, "reward": 1.25, "kl": 0.5},
    {"time": 20.0, "stage": "grpo", "step": 61, "total": 100, "reward": 1.25, "kl": 0.5},
    {"time": 61.0, "stage": "grpo", "step": 1, "total": 1, "event": "done", "outputs": {"out": "cd"}},
]


def shown(terminal):
    output = io.StringIO()
    view = ProgressView(Console(file=output, force_terminal=terminal, width=110, color_system=None))
    with view:
        view.show(LINES)
    return output.getvalue()


def test_plain_lines_where_there_is_no_terminal():
    assert shown(False).splitlines() == [
        "verify: already done",
        "grpo: started",
        "grpo: 50/100  continuing after step 50",
        "grpo: 60/100  reward 1.25  kl 0.5  about 52 s left",
        "grpo: done in 60 s",
    ]


@pytest.mark.parametrize(
    "text", ["✓ verify", "already done", "✓ grpo", "61/100", "reward 1.25  kl 0.5", "grpo: continuing after step 50"]
)
def test_bars_on_a_terminal(text):
    assert text in shown(True)
