"""Generation state with shared prefixes: a prompt's keys and values exist once, however many completions go on from it.

Every layer's attention of one new token a row runs in two parts that share one softmax: all rows of a prompt against
the prompt's keys, and each row against its own. Own keys and values stand in preallocated buffers.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from rlvr.rl.attention import Kept
from rlvr.rl.families import for_language_model, packed, rope_positions
from rlvr.rl.layout import SegmentLayout
from rlvr.rl.lean import decode, is_plain

if TYPE_CHECKING:
    from rlvr.rl.encoding import EncodedPrompt
    from rlvr.rl.policy import Features, Policy, Prefix

BLOCK = 64
"""Own tokens by which the buffers grow."""


class Decoding:
    """Rows of a batch, each a completion in the making, ordered by prompt."""

    def __init__(
        self, policy: "Policy", prompts: Sequence["EncodedPrompt"], starts: Sequence[Sequence[torch.Tensor]],
        features: "Features | None" = None, prefix: "Prefix | None" = None,
    ) -> None:  # fmt: skip
        """Prefill `prompts` once each; `starts` are the tokens ([S], possibly none) that a completion begins with.

        `prefix` are the prompts if they have been read already.
        """
        self.model = policy.model
        layout = SegmentLayout([prompt.ids for prompt in prompts], starts)
        kept: Kept = {}
        hidden = policy.hidden(layout, prompts, features, prefix or policy.read(prompts, features), kept)
        self.device = hidden.device
        counts = torch.tensor([len(group) for group in starts])
        lengths = torch.tensor([len(start) for group in starts for start in group])
        last = (lengths + 1).cumsum(0) - 1
        self.logits = self.model.lm_head(hidden[layout.predictors[last].to(self.device)])
        """Logits of the next token, [rows, V]."""
        self._prefix(layout, kept)
        self._starts(layout, kept, lengths)
        self.owner = torch.arange(len(counts)).repeat_interleave(counts).to(self.device)
        """Prompt of each row, ascending, [rows]."""
        roots = torch.tensor([int(rope_positions(self.model, prompt).max()) + 1 for prompt in prompts])
        self.position = (roots.repeat_interleave(counts) + lengths).to(self.device)
        """Rotary position of the next token, [rows]."""
        self.lean = is_plain(self.model.model.language_model)
        self._arrange()

    def _prefix(self, layout: SegmentLayout, kept: Kept) -> None:
        """Keys and values of the prompts, padded to the longest: [B, H_kv, P, D] a layer."""
        longest = max(root.length for root in layout.roots)
        index = torch.zeros(len(layout.roots), longest, dtype=torch.long)
        mask = torch.zeros(len(layout.roots), longest, dtype=torch.bool)
        for row, root in enumerate(layout.roots):
            index[row, : root.length] = torch.arange(root.start, root.end)
            mask[row, : root.length] = True
        index = index.to(self.device)
        self.prefix = {
            layer: tuple(tensor[0][:, index].transpose(0, 1).contiguous() for tensor in pair)
            for layer, pair in kept.items()
        }
        self.prefix_mask = None if bool(mask.all()) else mask.to(self.device)

    def _starts(self, layout: SegmentLayout, kept: Kept, lengths: torch.Tensor) -> None:
        """Own keys and values of the rows, [rows, H_kv, room, D] a layer; starts stand right-aligned before `fed`."""
        rows, self.fed = len(lengths), int(lengths.max())
        room = -(-(self.fed + 1) // BLOCK) * BLOCK
        self.own = {}
        places = [place for group in layout.places for place in group]
        for layer, pair in kept.items():
            buffers = []
            for tensor in pair:
                buffer = tensor.new_zeros(rows, tensor.shape[1], room, tensor.shape[3])
                for row, place in enumerate(places):
                    if len(place):
                        buffer[row, :, self.fed - len(place) : self.fed] = tensor[0][:, torch.from_numpy(place)]
                buffers.append(buffer)
            self.own[layer] = tuple(buffers)
        before = torch.arange(self.fed)[None] >= (self.fed - lengths)[:, None]
        self.own_mask = None if bool(before.all()) else before.to(self.device)

    def _arrange(self) -> None:
        """Where each row stands in the [prompts, widest group] grid of the shared part."""
        counts = torch.bincount(self.owner, minlength=len(next(iter(self.prefix.values()))[0]))
        self.width = int(counts.max())
        first = counts.cumsum(0) - counts
        slots = self.owner * self.width + torch.arange(len(self.owner), device=self.device) - first[self.owner]
        self.slots = None if bool((counts == self.width).all()) else slots

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only, ascending indices [n]; prompts without rows leave too."""
        owners, self.owner = torch.unique(self.owner[rows], return_inverse=True)
        if len(owners) < len(next(iter(self.prefix.values()))[0]):
            self.prefix = {k: tuple(t.index_select(0, owners) for t in pair) for k, pair in self.prefix.items()}
            self.prefix_mask = None if self.prefix_mask is None else self.prefix_mask[owners]
        self.own = {k: tuple(t.index_select(0, rows) for t in pair) for k, pair in self.own.items()}
        self.own_mask = None if self.own_mask is None else self.own_mask[rows]
        self.position = self.position[rows]
        self._arrange()

    def advance(self, tokens: torch.Tensor) -> None:
        """Feed one token a row, [rows]; `logits` are then those of the next."""
        if self.fed == self.room:
            grow = (0, 0, 0, BLOCK)
            self.own = {k: tuple(torch.nn.functional.pad(t, grow) for t in pair) for k, pair in self.own.items()}
        self.logits = self._forward(tokens)
        self.fed += 1
        self.position += 1

    @property
    def room(self) -> int:
        """Own tokens that the buffers hold."""
        return next(iter(self.own.values()))[0].shape[2]

    def _forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits after one more token a row; its keys and values go into the buffers."""
        language = self.model.model.language_model
        axes = 3 if hasattr(self.model.model, "get_rope_index") else 1
        embedded = self.model.get_input_embeddings()(tokens)
        positions = for_language_model(self.position[None, :, None].expand(axes, -1, 1))
        if self.lean:
            hidden = decode(language, embedded, positions, self.attend)
        else:
            with packed(self.model):
                hidden = language(
                    inputs_embeds=embedded[:, None], position_ids=positions, use_cache=False, decoding=self
                ).last_hidden_state[:, -1]
        logits: torch.Tensor = self.model.lm_head(hidden)
        return logits

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float | None
    ) -> torch.Tensor:
        """Attention of one layer: query [rows, H, 1, D], key and value [rows, H_kv, 1, D]; returns [rows, 1, H, D]."""
        rows, heads, _, size = query.shape
        groups = key.shape[1]
        own_key, own_value = self._remember(layer, key, value)
        prefix_key, prefix_value = self.prefix[layer]
        prompts, _, length, _ = prefix_key.shape
        grouped = (query * (scaling if scaling is not None else size**-0.5)).view(rows, groups, heads // groups, size)
        shared = self._grid(grouped).reshape(prompts, groups, -1, size) @ prefix_key.transpose(2, 3)
        if self.prefix_mask is not None:
            shared.masked_fill_(~self.prefix_mask[:, None, None], -torch.inf)
        own = grouped @ own_key.transpose(2, 3)  # [rows, H_kv, H / H_kv, own]
        if self.own_mask is not None:
            own[..., : self.own_mask.shape[1]].masked_fill_(~self.own_mask[:, None, None], -torch.inf)
        self._hide_future(own)
        scores = torch.cat([shared.view(prompts, groups, self.width, -1, length), self._grid(own)], -1)
        weights = scores.float().softmax(-1).to(query.dtype)  # [B, H_kv, width, H / H_kv, P + own]
        mixed = weights[..., :length].flatten(2, 3) @ prefix_value
        mixed = self._rows(mixed.view(prompts, groups, self.width, -1, mixed.shape[-1]))
        return (mixed + self._rows(weights[..., length:]) @ own_value).reshape(rows, 1, heads, -1)

    def _remember(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Put the new token's key and value into the buffers; own keys and values so far, [rows, H_kv, own, D]."""
        own_key, own_value = self.own[layer]
        own_key[:, :, self.fed] = key[:, :, 0]
        own_value[:, :, self.fed] = value[:, :, 0]
        return own_key[:, :, : self.fed + 1], own_value[:, :, : self.fed + 1]

    def _hide_future(self, scores: torch.Tensor) -> None:
        """Own scores end at the new token, so there is nothing to hide."""

    def _grid(self, rows: torch.Tensor) -> torch.Tensor:
        """[rows, H_kv, r, X] -> [B, H_kv, width, r, X]; places without a row are 0, and their result is not read."""
        if self.slots is not None:
            grid = rows.new_zeros(len(next(iter(self.prefix.values()))[0]) * self.width, *rows.shape[1:])
            rows = grid.index_copy_(0, self.slots, rows)
        return rows.view(-1, self.width, *rows.shape[1:]).transpose(1, 2)

    def _rows(self, grid: torch.Tensor) -> torch.Tensor:
        """The inverse of `_grid`: [B, H_kv, width, r, X] -> [rows, H_kv, r, X]."""
        rows = grid.transpose(1, 2).reshape(-1, grid.shape[1], *grid.shape[3:])
        return rows if self.slots is None else rows.index_select(0, self.slots)
