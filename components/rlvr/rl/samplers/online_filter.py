"""Groups that are too easy or too hard are left out (MM-Eureka, branch qwen @ bccddd7; DAPO, arXiv 2503.14476 §3.2)."""

from collections.abc import Sequence

from rlvr.training import OnlineFilter


def keep(accuracies: Sequence[float], settings: OnlineFilter) -> list[bool]:
    """Which groups stay: those whose mean accuracy (not reward) lies in [lowest, highest]."""
    return [settings.lowest <= accuracy <= settings.highest for accuracy in accuracies]
