"""The prompts of a step: encoded once, their pictures seen once where the vision tower is frozen."""

from collections.abc import Sequence

from rlvr.data.rows import Row
from rlvr.rl.encoding import EncodedPrompt, Encoder
from rlvr.rl.policy import Features, Policy


class StepPrompts:
    """Encoded prompts by row number, kept until the next step."""

    def __init__(self, encoder: Encoder, rows: Sequence[Row], policy: Policy, *, share_features: bool) -> None:
        """With `share_features` one pass of the (frozen) vision tower serves rollout, reference and update."""
        self.encoder, self.rows, self.policy, self.share = encoder, rows, policy, share_features
        self.encoded: dict[int, EncodedPrompt] = {}
        self.seen: Features = {}

    def forget(self) -> None:
        """Begin another step."""
        self.encoded, self.seen = {}, {}

    def __getitem__(self, row: int) -> EncodedPrompt:
        if row not in self.encoded:
            self.encoded[row] = self.encoder.prompt(self.rows[row])
        return self.encoded[row]

    def features(self, prompts: Sequence[EncodedPrompt]) -> Features | None:
        """Vision features of `prompts` by row id; None where each pass has to see the pictures itself."""
        if not self.share:
            return None
        unseen = [prompt for prompt in prompts if prompt.row_id not in self.seen]
        self.seen = {**self.seen, **self.policy.look(unseen)}
        return self.seen
