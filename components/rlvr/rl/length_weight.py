"""ADORA's weight of a group: full where thinking longer pays, a fraction of it where it does not.

A group whose longest right completion is longer than its wrong ones on average, or that has no right one, keeps its
advantages; any other group's advantages are multiplied by the weight. Upstream: ModalMinds/MM-EUREKA, branch qwen @
bccddd7 (use_adora), after ShadeCloak/ADORA.
"""

import torch

RIGHT = 0.5
"""A completion counts as right above this reward, as upstream's does."""


def length_weights(rewards: torch.Tensor, lengths: torch.Tensor, weight: float, longest: float) -> torch.Tensor:
    """1 or `weight` for each group, [B, 1], from rewards and lengths in tokens, both [B, G].

    Wrong completions of `longest` tokens or more are left out of the mean, for they were cut; a group without any
    other wrong one gets `weight`.
    """
    right = rewards > RIGHT
    wrong = (rewards <= RIGHT) & (lengths < longest)
    tokens = lengths.float()
    top = tokens.masked_fill(~right, -torch.inf).amax(1, keepdim=True)
    mean = (tokens * wrong).sum(1, keepdim=True) / wrong.sum(1, keepdim=True)
    pays = (top > mean) & wrong.any(1, keepdim=True)
    return torch.where(pays | ~right.any(1, keepdim=True), 1.0, weight)
