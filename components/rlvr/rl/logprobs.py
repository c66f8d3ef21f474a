"""Log-probability of given tokens from hidden states, without ever holding [tokens x vocabulary] in the graph."""

from typing import Any

import torch

CHUNK = 1024
"""Tokens whose logits exist at one time."""


class _TokenLogProbs(torch.autograd.Function):
    """Saves only log Z a token; the backward pass rebuilds each chunk's probabilities in place."""

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, temperature: float
    ) -> torch.Tensor:
        chosen, normalisers = [], []
        for part, target in zip(torch.split(hidden, CHUNK), torch.split(targets, CHUNK), strict=True):
            logits = (part @ weight.t()).float().div_(temperature)
            normaliser = logits.logsumexp(-1)
            normalisers.append(normaliser)
            chosen.append(logits.gather(-1, target[:, None])[:, 0] - normaliser)
        ctx.save_for_backward(hidden, weight, targets, torch.cat(normalisers))
        ctx.temperature = temperature
        return torch.cat(chosen)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (grad,) = grads
        hidden, weight, targets, normalisers = ctx.saved_tensors
        grad_hidden, grad_weight = torch.empty_like(hidden), torch.zeros_like(weight)
        grad = grad / ctx.temperature
        for start in range(0, len(hidden), CHUNK):
            part = slice(start, start + CHUNK)
            logits = (hidden[part] @ weight.t()).float().div_(ctx.temperature)
            slope = logits.sub_(normalisers[part, None]).exp_().mul_(-grad[part, None])
            slope[torch.arange(len(slope), device=slope.device), targets[part]] += grad[part]
            slope = slope.to(weight.dtype)
            torch.mm(slope, weight, out=grad_hidden[part])
            grad_weight.addmm_(slope.t(), hidden[part])
        return grad_hidden, grad_weight, None, None


def token_logprobs(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """Log p(target) under `softmax(hidden @ weight.T / temperature)`.

    hidden [N, H], weight [V, H], targets [N] -> [N] float32; differentiable in hidden and weight.
    """
    return _TokenLogProbs.apply(hidden, weight, targets, temperature)  # type: ignore[no-any-return,no-untyped-call]
