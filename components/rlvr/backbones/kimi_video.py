"""Let Kimi K2.5 read videos of several frames, which transformers 5.23 gives up on.

Its vision tower pools the frames of a chunk (of up to four) into one frame's tokens, and `get_video_features` then
splits them by the number of unpooled tokens; chunks of different lengths cannot even be stacked. Here chunks of equal
length go through the tower together and are split by what comes out.
"""

from itertools import groupby
from typing import Any


def correct_kimi_video() -> None:
    """Replace the method by the one below; doing it twice is doing it once."""
    from transformers.models.kimi_k25.modeling_kimi_k25 import Kimi_K25Model

    Kimi_K25Model.get_video_features = get_video_features


def get_video_features(self: Any, pixel_values_videos: Any, video_grid_thw: Any, **kwargs: Any) -> Any:
    """The tower's output whose `pooler_output` has one [h * w / 4, hidden] tensor a chunk.

    pixel_values_videos: [patches, 3, patch, patch]; video_grid_thw: frames, height and width in patches, [chunks, 3].
    """
    import torch
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    kwargs.pop("return_dict", None)
    states: list[Any] = []
    pooled: list[Any] = []
    remaining = pixel_values_videos
    for _, run in groupby(video_grid_thw, key=lambda chunk: int(chunk[0])):
        grid = torch.stack(list(run))
        patches = int(grid.prod(1).sum())
        output = self.vision_tower(remaining[:patches], grid_thw=grid, return_dict=True, **kwargs)
        remaining = remaining[patches:]
        merged = self.vision_tower.merge_kernel_size[0] * self.vision_tower.merge_kernel_size[1]
        tokens = self.mm_projector(output.pooler_output).squeeze(1)
        pooled += torch.split(tokens, (grid[:, 1] * grid[:, 2] // merged).tolist())
        states.append(output.last_hidden_state)
    return BaseModelOutputWithPooling(last_hidden_state=torch.cat(states), pooler_output=tuple(pooled))
