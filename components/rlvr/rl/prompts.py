"""The prompts of a step: encoded once, their pictures seen once where the vision tower is frozen."""

from collections.abc import Sequence

import torch

from rlvr.data.rows import Row
from rlvr.rl.encoding import EncodedPrompt, Encoder
from rlvr.rl.policy import Features, Policy, Prefix


class StepPrompts:
    """Encoded prompts by row number, kept until the next step."""

    def __init__(
        self,
        encoder: Encoder,
        rows: Sequence[Row],
        policy: Policy,
        *,
        share_features: bool = False,
        share_prefix: bool = False,
    ) -> None:
        """With `share_features` one pass of the (frozen) vision tower serves rollout, reference and update; with
        `share_prefix` the rollout's pass over the prompts serves the update too.
        """
        self.encoder, self.rows, self.policy = encoder, rows, policy
        self.share_features, self.share_prefix = share_features, share_prefix
        self.encoded: dict[int, EncodedPrompt] = {}
        self.seen: Features = {}
        self.prefix: Prefix | None = None
        self.later: list[tuple[Row, int]] = []

    def forget(self) -> None:
        """Begin another step."""
        self.encoded, self.seen, self.prefix, self.later = {}, {}, None, []

    def add(self, row: Row, source: int) -> int:
        """Number, in this step, of a row that was made of row number `source`."""
        self.later.append((row, source))
        return len(self.rows) + len(self.later) - 1

    def row(self, number: int) -> Row:
        """The row of that number."""
        return self.rows[number] if number < len(self.rows) else self.later[number - len(self.rows)][0]

    def origin(self, number: int) -> Row:
        """The row of the data set that row `number` is or was made of."""
        while number >= len(self.rows):
            number = self.later[number - len(self.rows)][1]
        return self.rows[number]

    def read(self, prompts: Sequence[EncodedPrompt], new_tokens: int, limit: int) -> Prefix | None:
        """Read the prompts for rollout and update, if they and `new_tokens` fit into one pass of `limit` tokens."""
        if self.share_prefix and sum(len(prompt.ids) for prompt in prompts) + new_tokens <= limit:
            with torch.enable_grad():
                self.prefix = self.policy.read(prompts, self.features(prompts))
        return self.prefix

    def prefix_of(self, prompts: Sequence[EncodedPrompt]) -> Prefix | None:
        """What `read` gave, once, if it was given for these prompts; its graph serves one backward pass."""
        prefix, self.prefix = self.prefix, None
        return prefix if prefix and prefix.row_ids == tuple(prompt.row_id for prompt in prompts) else None

    def __getitem__(self, row: int) -> EncodedPrompt:
        if row not in self.encoded:
            self.encoded[row] = self.encoder.prompt(self.row(row))
        return self.encoded[row]

    def features(self, prompts: Sequence[EncodedPrompt]) -> Features | None:
        """Vision features of `prompts` by row id; None where each pass has to see the pictures itself."""
        if not self.share_features:
            return None
        unseen = [prompt for prompt in prompts if prompt.row_id not in self.seen]
        self.seen = {**self.seen, **self.policy.look(unseen)}
        return self.seen
