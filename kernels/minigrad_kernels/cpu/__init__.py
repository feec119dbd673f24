"""Numba twins for the CPU. `STEMS` maps a loop to the module that holds its twin."""

STEMS: dict[str, str] = {
    "match_loop": "conv",
    "max_pool_forward": "pool",
    "paint_loop": "conv",
    "scatter_pixels_loop": "pool",
    "slide_loop": "conv",
}
