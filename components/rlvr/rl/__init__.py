"""The RL engine: rollout, advantages, loss, packing, trainer."""
