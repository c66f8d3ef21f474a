"""Kimi's markers around reasoning, ◁think▷ ... ◁/think▷, and what stands behind them.

conclusion("◁think▷2 + 3 is 5◁/think▷The answer is 5.")  ->  "The answer is 5."

Kimi-VL's thinking models write them (moonshotai/Kimi-VL, README).
"""

OPEN, CLOSE = "◁think▷", "◁/think▷"


def conclusion(text: str) -> str | None:
    """What follows the last closing marker, stripped; the whole text where there are no markers.

    None where reasoning was opened and never closed: it was cut off before an answer.
    """
    _, closed, behind = text.rpartition(CLOSE)
    return None if not closed and OPEN in text else behind.strip()
