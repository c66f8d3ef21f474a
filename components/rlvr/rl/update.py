"""One optimiser update: samples to micro-batches of groups, or of their parts, to gradients."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from rlvr.rl.balance import assign, padded_micro_batches
from rlvr.rl.engine import Engine
from rlvr.rl.flops import FlopCount, Flops, mfu
from rlvr.rl.hardware import peak_flops
from rlvr.rl.loss import clip_fraction, k3, token_losses, token_weights
from rlvr.rl.policy import Policy
from rlvr.rl.prompts import StepPrompts
from rlvr.rl.reference import Reference
from rlvr.rl.sample import Sample
from rlvr.training import Grpo, Scale, cutting


@dataclass(frozen=True, slots=True)
class Group:
    """Samples of one row in an update, with each token's weights in the loss."""

    samples: list[Sample]
    """The samples that have a gradient."""
    weights: torch.Tensor
    """Weight of each token in the policy loss, [N]."""
    likelihood: torch.Tensor
    """Weight of each token in the auxiliary likelihood, [N]."""

    @property
    def tokens(self) -> int:
        """Response tokens, N."""
        return sum(sample.length for sample in self.samples)

    def parts(self, count: int) -> list["Group"]:
        """The samples in `count` groups, in order."""
        lengths = [sample.length for sample in self.samples]
        weights, likelihood = torch.split(self.weights, lengths), torch.split(self.likelihood, lengths)
        return [
            Group(
                [self.samples[number] for number in numbers],
                torch.cat([weights[number] for number in numbers]),
                torch.cat([likelihood[number] for number in numbers]),
            )
            for numbers in cutting.cut(len(lengths), count)
        ]


class Updater:
    """Turns samples into gradients of an engine."""

    def __init__(
        self,
        settings: Grpo,
        scale: Scale,
        engine: Engine,
        policy: Policy,
        reference: Reference,
        prompts: StepPrompts,
    ) -> None:
        """`policy` is the one that `engine` was made for."""
        self.settings, self.scale, self.engine, self.policy = settings, scale, engine, policy
        self.count = FlopCount(policy.model) if policy.obstacle is None and not engine.lockstep else None
        self.done = Flops()
        self.blamed: list[str] = []
        """Rows of the passes whose loss was not finite in the last `accumulate`, of all ranks."""
        self.reference, self.prompts = reference, prompts

    def accumulate(self, samples: Sequence[Sample]) -> dict[str, float]:
        """Backward passes over this rank's groups of one update; returns loss, kl and clip fraction of all ranks."""
        world = self.engine.world
        self.blamed = []
        groups = self.cut(self.groups(samples))
        mine = assign([group.tokens for group in groups], world.size)[world.rank]
        batches = list(self.micro_batches([groups[index] for index in mine]))
        if self.engine.lockstep:
            longest = max(world.gather([len(batches)]))
            spare = [min(groups or self.groups(samples, everything=True), key=lambda group: group.tokens)]
            padded = padded_micro_batches(batches, max(1, longest), spare)
        else:
            padded = [(batch, True) for batch in batches]
        sums = torch.zeros(4, dtype=torch.float64)
        for batch, real in padded:
            sums += self.backward(batch, real)
        world.sum(sums)
        loss, kl, clipped, tokens = sums.tolist()
        if not math.isfinite(loss):
            self.blamed = world.gather(self.blamed)
        return {"loss": loss, "kl": kl / max(1, tokens), "clip_percent": 100 * clipped / max(1, tokens)}

    def utilisation(self, seconds: float) -> dict[str, float]:
        """Operations a second of the policy passes since the last call, all ranks', and their share of the peak.

        The time is that of the whole update, reference and optimiser included; the share (MFU) is left out where the
        peak is unknown. Under ZeRO nothing is counted.
        """
        done, self.done = torch.tensor(self.done.model, dtype=torch.float64), Flops()
        world = self.engine.world
        world.sum(done)
        if not float(done):
            return {}
        result = {"update_teraflops_per_second": float(done) / seconds / 1e12}
        peak = peak_flops(next(self.policy.parameters()).dtype)
        if (share := mfu(float(done) / world.size, seconds, peak)) is not None:
            result["mfu_percent"] = 100 * share
        return result

    def groups(self, samples: Sequence[Sample], everything: bool = False) -> list[Group]:
        """Samples by row with weights over all of them; those whose gradient is exactly 0 only with `everything`."""
        settings = self.settings.loss
        lengths = torch.tensor([sample.length for sample in samples])
        included = torch.tensor([not (settings.mask_truncated and sample.truncated) for sample in samples])
        places = [torch.arange(sample.length) for sample in samples]
        learnt = torch.cat([place >= sample.learnt_from for place, sample in zip(places, samples, strict=True)])
        weights = token_weights(lengths, settings, self.settings.sampling.max_new_tokens, included, learnt)
        corrections = [torch.ones(s.length) if s.importance is None else s.importance for s in samples]
        weights = weights * torch.cat(corrections)
        chosen = [
            place >= (sample.length if sample.nll_from is None else sample.nll_from)
            for place, sample in zip(places, samples, strict=True)
        ]
        likelihood = torch.cat(chosen).float() * settings.nll_weight
        likelihood /= torch.cat(chosen).sum().clamp(min=1)
        by_row: dict[int, list[int]] = {}
        sizes = lengths.tolist()
        parts = list(zip(torch.split(weights, sizes), torch.split(likelihood, sizes), strict=True))
        always = settings.kl_weight > 0 or settings.objective == "mirror_descent"
        for number, sample in enumerate(samples):
            policy, nll = parts[number]
            learns = bool(nll.any()) or (bool(policy.any()) and (always or sample.advantage))
            if sample.length and (everything or learns):
                by_row.setdefault(sample.row, []).append(number)
        return [
            Group(
                [samples[number] for number in numbers],
                torch.cat([parts[number][0] for number in numbers]),
                torch.cat([parts[number][1] for number in numbers]),
            )
            for numbers in by_row.values()
        ]

    def cut(self, groups: Sequence[Group]) -> list[Group]:
        """The groups, those that exceed a micro-batch's tokens in parts; a single sample is never cut."""
        limit, packed = self.scale.micro_batch_tokens, not self.policy.obstacle
        cut_up: list[Group] = []
        for group in groups:
            lengths = [sample.length for sample in group.samples]
            prompt = len(self.prompts[group.samples[0].row].ids)
            count = cutting.parts(len(lengths), prompt, max(lengths), limit, packed=packed)
            cut_up += [group] if count == 1 else group.parts(count)
        return cut_up

    def micro_batches(self, groups: Sequence[Group]) -> Iterator[list[Group]]:
        """Runs of whole groups whose packed tokens stay within the limit (a single group may exceed it)."""
        batch: list[Group] = []
        tokens = 0
        for group in groups:
            copies = len(group.samples) if self.policy.obstacle else 1  # plain sequences repeat the prompt
            size = copies * len(self.prompts[group.samples[0].row].ids) + group.tokens
            if batch and tokens + size > self.scale.micro_batch_tokens:
                yield batch
                batch, tokens = [], 0
            batch.append(group)
            tokens += size
        if batch:
            yield batch

    def backward(self, batch: Sequence[Group], real: bool = True) -> torch.Tensor:
        """Forward and backward of one micro-batch; returns loss, summed k3, clipped and counted tokens, [4].

        A batch that is not `real` only keeps ranks in step and has weight 0.
        """
        settings, temperature = self.settings.loss, self.settings.sampling.temperature
        prompts = [self.prompts[group.samples[0].row] for group in batch]
        samples = [sample for group in batch for sample in group.samples]
        responses = [[sample.ids for sample in group.samples] for group in batch]
        features = self.prompts.features(prompts)
        device = next(self.engine.policy.parameters()).device
        old = torch.cat([sample.logprobs for sample in samples]).to(device)
        lengths = torch.tensor([sample.length for sample in samples]).to(device)
        advantage = torch.tensor([sample.advantage for sample in samples]).to(device).repeat_interleave(lengths)
        weights = torch.cat([group.weights for group in batch]).to(device)
        likelihood = torch.cat([group.likelihood for group in batch]).to(device)
        reference = self.reference(prompts, responses, temperature, old, features)
        prefix = self.prompts.prefix_of(prompts)
        logprobs = self.engine.policy(prompts, responses, temperature, features=features, prefix=prefix)
        losses = token_losses(logprobs, old, reference, advantage, settings, lengths, weights != 0)
        loss = (losses * weights).sum() - (logprobs * likelihood).sum()
        if not real:
            loss = loss * 0
        if not torch.isfinite(loss):
            self.blamed += [prompt.row_id for prompt in prompts]
        self.engine.backward(loss)
        if self.count and self.policy.layout:
            media = [] if features else [prompt.media for prompt in prompts]
            segments = [(segment.length, segment.visible + segment.length) for segment in self.policy.layout.segments]
            again = self.scale.gradient_checkpointing
            self.done += self.count.packed(segments, len(logprobs), media, checkpointing=again)
        scored = logprobs.detach()
        divergence = float(k3(scored, reference).sum()) if reference is not None else 0.0
        clipped = float(clip_fraction(scored, old, advantage, settings)) * len(scored)
        counted = [float(loss.detach()), divergence, clipped if settings.objective == "clipped" else 0.0, len(scored)]
        return torch.tensor(counted, dtype=torch.float64) * real
