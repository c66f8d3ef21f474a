"""Limits of a picture's area, as the families' processors take them."""

from typing import Any

from rlvr.errors import RlvrError


def limit_pixels(image_processor: Any, min_pixels: int | None, max_pixels: int | None) -> None:
    """Set the smallest and largest area, in pixels, to which a picture is resized; None keeps the processor's own.

    Qwen-VL takes areas. InternVL takes numbers of square tiles: as many whole tiles as the area holds, at least one.
    Kimi takes a largest number of patches, to which padding to whole tokens comes; it never enlarges a picture, so
    that `min_pixels` has no effect on it.
    """
    if min_pixels is None and max_pixels is None:
        return
    size = dict(getattr(image_processor, "size", None) or {})
    patch = getattr(image_processor, "patch_size", None)
    if "shortest_edge" in size and "longest_edge" in size:
        size["shortest_edge"] = size["shortest_edge"] if min_pixels is None else min_pixels
        size["longest_edge"] = size["longest_edge"] if max_pixels is None else max_pixels
        image_processor.size = size
    elif hasattr(image_processor, "crop_to_patches") and {"height", "width"} <= set(size):
        tile = size["height"] * size["width"]
        if min_pixels is not None:
            image_processor.min_patches = max(1, min_pixels // tile)
        if max_pixels is not None:
            image_processor.max_patches = max(1, max_pixels // tile)
    elif hasattr(image_processor, "max_patches") and patch:
        if max_pixels is not None:
            image_processor.max_patches = max(1, max_pixels // patch**2)
    elif hasattr(image_processor, "in_token_limit") and patch:  # the processor that Kimi-VL brings along
        if max_pixels is not None:
            image_processor.in_token_limit = max(1, max_pixels // patch**2)
    else:
        raise RlvrError(
            f"{type(image_processor).__name__} has none of the known limits of a picture's size, so min_pixels "
            f"({min_pixels}) and max_pixels ({max_pixels}) cannot be applied. Use a checkpoint of a known family."
        )
