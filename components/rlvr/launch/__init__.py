"""Where a training stage runs: in this process, in several beside it, or on a cluster; and how it is stopped."""

from rlvr.launch.processes import launch
from rlvr.launch.stopping import EXIT_CODE, Stopped, catch_termination, stop_requested

__all__ = ["EXIT_CODE", "Stopped", "catch_termination", "launch", "stop_requested"]
