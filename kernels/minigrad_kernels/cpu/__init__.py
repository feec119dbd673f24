"""Numba twins for the CPU. `STEMS` maps a loop to the module that holds its twin."""

STEMS: dict[str, str] = {"match_loop": "conv", "paint_loop": "conv", "slide_loop": "conv"}
