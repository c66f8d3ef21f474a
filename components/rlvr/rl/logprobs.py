"""Log-probability of given tokens from hidden states, without ever holding [tokens x vocabulary] in the graph."""

from typing import Any

import torch

CHUNK = 1024
"""Tokens whose logits exist at one time."""

SMALL = 2**23
"""Up to this many logits (32 MiB) are kept for the backward pass instead of being built twice."""


class _TokenLogProbs(torch.autograd.Function):
    """Saves log Z a token, and probabilities only when they are few; the backward pass works in place."""

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, temperature: float, keep: bool
    ) -> torch.Tensor:
        chosen, normalisers = [], []
        ctx.probabilities = None
        for part, target in zip(torch.split(hidden, CHUNK), torch.split(targets, CHUNK), strict=True):
            logits = (part @ weight.t()).float()
            if temperature != 1:
                logits.div_(temperature)
            normaliser = logits.logsumexp(-1)
            normalisers.append(normaliser)
            chosen.append(logits.gather(-1, target[:, None])[:, 0] - normaliser)
            if keep:
                ctx.probabilities = logits.sub_(normaliser[:, None]).exp_()
        ctx.save_for_backward(hidden, targets, torch.cat(normalisers))
        ctx.weight, ctx.temperature = weight, temperature  # not saved: ZeRO-3 swaps the parameter's storage
        return torch.cat(chosen)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (grad,) = grads
        hidden, targets, normalisers = ctx.saved_tensors
        weight = ctx.weight
        grad_hidden = torch.empty_like(hidden)
        grad_weight = torch.zeros_like(weight) if ctx.needs_input_grad[1] else None
        grad = grad / ctx.temperature
        for start in range(0, len(hidden), CHUNK):
            part = slice(start, start + CHUNK)
            probabilities, ctx.probabilities = ctx.probabilities, None
            if probabilities is None:
                logits = (hidden[part] @ weight.t()).float().div_(ctx.temperature)
                probabilities = logits.sub_(normalisers[part, None]).exp_()
            slope = probabilities.mul_(-grad[part, None])
            slope[torch.arange(len(slope), device=slope.device), targets[part]] += grad[part]
            slope = slope.to(weight.dtype)
            torch.mm(slope, weight, out=grad_hidden[part])
            if grad_weight is not None:
                grad_weight.addmm_(slope.t(), hidden[part])
        return grad_hidden, grad_weight, None, None, None


def token_logprobs(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """Log p(target) under `softmax(hidden @ weight.T / temperature)`.

    hidden [N, H], weight [V, H], targets [N] -> [N] float32; differentiable in hidden and weight.
    """
    small = len(hidden) <= CHUNK and len(hidden) * len(weight) <= SMALL
    keep = small and torch.is_grad_enabled()
    return _TokenLogProbs.apply(hidden, weight, targets, temperature, keep)  # type: ignore[no-any-return,no-untyped-call]
