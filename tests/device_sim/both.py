"""The same computation on both devices, compared."""

import numpy as np

import minigrad
from minigrad import Tensor


def tensors(result):
    """Return the tensors in a result, in order, out of sequences and dicts of any depth."""
    if isinstance(result, Tensor):
        return [result]
    parts = result.values() if isinstance(result, dict) else result if isinstance(result, (list, tuple)) else ()
    return [x for part in parts for x in tensors(part)]


def moved(value, device):
    """Return arguments with their arrays and tensors as tensors on a device, each with a history of its own."""
    if isinstance(value, (np.ndarray, np.generic)):
        return minigrad.tensor(value, device=device)
    if isinstance(value, Tensor):
        return value.detach().to(device)
    if isinstance(value, dict):
        return {key: moved(part, device) for key, part in value.items()}
    if isinstance(value, (list, tuple)) and tensors_or_arrays(value):
        parts = [moved(part, device) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def tensors_or_arrays(value):
    """Say whether there is something to move."""
    if isinstance(value, (list, tuple)):
        return any(map(tensors_or_arrays, value))
    return isinstance(value, (np.ndarray, np.generic, Tensor))


def assert_same(on_cpu, on_cuda, rtol=1e-9, atol=1e-11):
    """Compare tensors of both devices, None where there is none."""
    assert len(on_cpu) == len(on_cuda)
    for x, y in zip(on_cpu, on_cuda, strict=True):
        if x is None or y is None:
            assert x is y
            continue
        assert (x.device, y.device) == ("cpu", "cuda")
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        np.testing.assert_allclose(y.cpu().numpy(), x.numpy(), rtol, atol)


def gradients(outputs, inputs, device, seed=7):
    """Return dL/dx for every input, L being the outputs times random numbers, the same on every device."""
    rng = np.random.default_rng(seed)
    tracked = [y for y in outputs if y.requires_grad]
    if not tracked or not inputs:
        return []
    cotangents = [minigrad.tensor(rng.standard_normal(y.shape), device=device).to(y.dtype) for y in tracked]
    return list(minigrad.grad(tracked, inputs, cotangents, allow_unused=True))
