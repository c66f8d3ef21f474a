"""One GRPO step of this engine: encode, roll out, reference, policy forward and backward. The optimiser is left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from clock import Clock
from workload import Workload

from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.data.rows import Row
from rlvr.prompts import Prompt
from rlvr.rl.advantages import advantages
from rlvr.rl.encoding import EncodedPrompt, Encoder
from rlvr.rl.flops import FlopCount
from rlvr.rl.hardware import peak_flops
from rlvr.rl.layout import SegmentLayout
from rlvr.rl.loss import token_losses, token_weights
from rlvr.rl.policy import Policy, Prefix
from rlvr.rl.rollout import Rollout
from rlvr.training import Advantage, Loss, Sampling

Groups = Sequence[Sequence[Any]]


class Ours:
    """The engine on one workload."""

    def __init__(self, workload: Workload, folder: Path) -> None:
        self.workload, self.clock = workload, Clock()
        self.model = load_model(folder, workload.precision)
        processor = load_processor(folder)
        self.encoder = Encoder(processor, {"count": Prompt(template="{question}")})
        self.policy = Policy(self.model)
        self.visual = [self.model.model.visual]
        self.reference = None
        if workload.beta:
            self.reference = Policy(load_model(folder, workload.precision)).requires_grad_(False)
            self.visual.append(self.reference.model.model.visual)
        self.rollout = Rollout(self.policy, processor.tokenizer)
        self.rollout.ends = self.rollout.ends[:0]  # nothing ends a response, so each has exactly R tokens
        self.loss = Loss(objective="clipped", kl_weight=workload.beta)
        self.sampling = Sampling(max_new_tokens=workload.new_tokens)

    def rows(self, step: int) -> list[Row]:
        """The rows of a step."""
        first = step * self.workload.prompts
        return [
            {
                "row_id": str(number),
                "task": "count",
                "prompt": self.workload.question,
                "images": [self.workload.picture_file(number)],
            }
            for number in range(first, first + self.workload.prompts)
        ]

    def prompts(self, step: int) -> list[EncodedPrompt]:
        """The encoded prompts of a step."""
        return [self.encoder.prompt(row) for row in self.rows(step)]

    def step(self, step: int) -> None:
        """One step; times go to `clock`, gradients are dropped."""
        self.model.zero_grad(set_to_none=True)
        rows = self.rows(step)
        with self.clock("step"):
            with self.clock("rollout"):
                prompts = [self.encoder.prompt(row) for row in rows]
                prefix = self.read(prompts)
                groups = self.rollout.generate(
                    prompts, self.workload.group_size, self.sampling, step=step, prefix=prefix
                )
                texts = [self.encoder.decode(one.ids.tolist()) for group in groups for one in group]
            rewards = [float(len(text) % 7) for text in texts]
            advantage = advantages(torch.tensor(rewards).reshape(len(groups), -1), Advantage())
            reference = self.score_reference(prompts, groups)
            with self.clock("update"):
                self.update(prompts, groups, advantage, reference, prefix)

    def read(self, prompts: Sequence[EncodedPrompt]) -> Prefix:
        """The prompts' forward pass; it serves the rollout and the update, as in a training step."""
        return self.policy.read(prompts)

    def score_reference(self, prompts: Sequence[EncodedPrompt], groups: Groups) -> torch.Tensor | None:
        """Reference log-probs, [N], where beta asks for them."""
        if self.reference is None:
            return None
        with self.clock("reference"), torch.no_grad():
            return self.reference(prompts, [[one.ids for one in group] for group in groups], 1.0)  # type: ignore[no-any-return]

    def update(
        self,
        prompts: Sequence[EncodedPrompt],
        groups: Groups,
        advantage: torch.Tensor,
        reference: torch.Tensor | None,
        prefix: Prefix,
    ) -> None:
        """Policy forward and backward."""
        flat = [one for group in groups for one in group]
        lengths = torch.tensor([len(one.ids) for one in flat])
        logprobs = self.policy(prompts, [[one.ids for one in group] for group in groups], 1.0, prefix=prefix)
        device = logprobs.device
        weights = token_weights(lengths, self.loss, self.workload.new_tokens, torch.ones_like(lengths).bool())
        old = torch.cat([one.logprobs for one in flat]).to(device)
        each = advantage.flatten().repeat_interleave(lengths).to(device)
        losses = token_losses(logprobs, old, reference, each, self.loss, lengths.to(device))
        (losses * weights.to(device)).sum().backward()  # type: ignore[no-untyped-call]

    def update_flops(self) -> float:
        """What the matrix products of one update need when every prompt is computed once."""
        prompts, size, length = self.prompts(0), self.workload.group_size, self.workload.new_tokens - 1
        distinct = torch.arange(size * length).reshape(size, length)  # no two responses begin alike
        layout = SegmentLayout([prompt.ids for prompt in prompts], [list(distinct) for _ in prompts])
        segments = [(segment.length, segment.visible + segment.length) for segment in layout.segments]
        media = [prompt.media for prompt in prompts]
        return FlopCount(self.model).packed(segments, self.workload.response_tokens, media).model

    def peak(self) -> float | None:
        """Operations a second that the GPU can do; None on a CPU."""
        return peak_flops(next(self.model.parameters()).dtype)
