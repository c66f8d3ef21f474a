"""The process that measures: one thread, no network, no chatter. Imported before anything heavy."""

import logging
import os
import warnings

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def results() -> int:
    """A file descriptor for the results; from now on the standard output, which libraries print to, is the error's."""
    answer = os.dup(1)
    os.dup2(2, 1)
    return answer


def one_thread() -> None:
    """Let torch use one thread."""
    import torch

    torch.set_num_threads(1)
