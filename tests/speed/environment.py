"""The process that measures: on a CPU one thread, no network, no chatter. Imported before anything heavy."""

import logging
import os
import warnings
from pathlib import Path

GPU = Path("/dev/nvidiactl").exists()

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
if not GPU:
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def results() -> int:
    """A file descriptor for the results; from now on the standard output, which libraries print to, is the error's."""
    answer = os.dup(1)
    os.dup2(2, 1)
    return answer


def one_thread() -> None:
    """Let torch use one thread where the CPU's time is measured."""
    import torch

    if not GPU:
        torch.set_num_threads(1)
