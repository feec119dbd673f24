"""CUDA twins for the GPU. `STEMS` maps a loop to the module that holds its twin."""

STEMS: dict[str, str] = {}
