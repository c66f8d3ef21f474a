"""Rewards, one file a reward: pure functions of completions and row columns."""
