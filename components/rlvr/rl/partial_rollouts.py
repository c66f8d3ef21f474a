"""Partial rollouts (Kimi k1.5 §2.6.2): a completion gets a budget of tokens a step and goes on in the next one."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from rlvr.rl.sample import Sample, nothing
from rlvr.training import Grpo, Sampling

Group = list[Sample]

Complete = Callable[[Sequence[int], Sequence[Sequence[torch.Tensor]], Sampling, str, int], list[Group]]
"""(rows, tokens that each of their completions begins with, sampling, label, longest) -> judged completions, starts
included and cut at `longest` tokens (none for a row that is left out); log-probs are those of the new tokens, or of
all."""


class Unfinished:
    """Groups with completions that have not ended, from step to step."""

    def __init__(self, settings: Grpo) -> None:
        self.settings = settings
        self.pending: list[Group] = []
        """Such groups, oldest first."""
        self.waiting: list[int] = []
        """Rows that the sampler has given and that have not been begun."""
        self.asked = 0
        """How often the sampler was asked."""

    def go_on(self, choose: Callable[[int], list[int]], label: str, complete: Complete) -> list[Group]:
        """One token budget for unfinished groups and for new ones up to a full step; the complete ones come back.

        `choose` gives the rows of the sampler's step 0, 1, ...; it is asked only when rows are needed, so none is
        passed over.
        """
        partial, settings = self.settings.partial_rollouts, self.settings
        assert partial is not None
        room = max(0, settings.prompts_per_step - len(self.pending))
        while len(self.waiting) < room:
            self.waiting += choose(self.asked)
            self.asked += 1
        rows, self.waiting = self.waiting[:room], self.waiting[room:]
        begun = [*self.pending, *([_blank(row)] * settings.group_size for row in rows)]
        self.pending = []
        most = settings.sampling.max_new_tokens
        sampling = replace(settings.sampling, max_new_tokens=min(partial.tokens_per_step, most))
        active = [
            [place for place, sample in enumerate(group) if sample.truncated and sample.length < most]
            for group in begun
        ]
        drawn = complete(
            [group[0].row for group in begun],
            [[group[place].ids for place in places] for group, places in zip(begun, active, strict=True)],
            sampling,
            label,
            most,
        )
        finished = []
        for group, places, continued in zip(begun, active, drawn, strict=True):
            if not continued:
                continue  # its row cannot be read and is left out
            whole = [self._earlier(sample) for sample in group]
            for place, sample in zip(places, continued, strict=True):
                whole[place] = self._continued(group[place], sample)
            if any(sample.truncated and sample.length < most for sample in whole):
                self.pending.append(whole)
            else:
                finished.append(whole)
        return finished

    def _earlier(self, sample: Sample) -> Sample:
        """A sample of which this step drew nothing."""
        partial = self.settings.partial_rollouts
        assert partial is not None
        return sample if partial.train_earlier else replace(sample, learnt_from=sample.length)

    def _continued(self, earlier: Sample, sample: Sample) -> Sample:
        """`sample`, which goes on from `earlier`, with the log-probs of the policies that drew its parts."""
        new = sample.length - earlier.length
        old = torch.cat([earlier.logprobs, sample.logprobs[-new:]])
        return replace(sample, logprobs=old, learnt_from=self._earlier(earlier).learnt_from)


def _blank(row: int) -> Sample:
    return Sample(row=row, ids=nothing(), logprobs=torch.zeros(0), truncated=True)
