"""Arrays on the simulated GPU, in every layout, and bugs for the tests to catch."""

import re
import sys
from pathlib import Path

import numpy as np

import minigrad
import minigrad_kernels.cuda
from minigrad import Tensor
from tests.cusim import races, simulator
from tests.cusim.simulator import SimError
from tests.kernels.cpu import agreement

FOUND = (AssertionError, SimError)  # a wrong number, or what the simulator notices
FOLDER = Path(minigrad_kernels.cuda.__file__).parent
HEADER, INSTANCE = re.compile(r'#include "(\w+\.cuh)"'), re.compile(r"^// INSTANCE:.*\n", re.MULTILINE)


def drawn(shape, seed=0, scale=2.0, special=False):
    """Return normal float32 numbers, some of them special; none subnormal, for kernels take those as zero."""
    x = agreement.drawn(shape, seed, scale, special)
    return np.where(np.abs(x) < np.finfo("f4").tiny, np.copysign(np.float32(0), x), x)


def cupy():
    return sys.modules["cupy"]


def unaligned(array):
    """Return a dense view of memory from the second element on."""
    longer = cupy().zeros(array.size + 1, array.dtype)
    longer[1:] = cupy().asarray(array.reshape(-1))
    return longer[1:].reshape(array.shape)


LAYOUTS = {
    "dense": lambda array: cupy().asarray(array),
    "unaligned": unaligned,
    "columns first": lambda array: cupy().asarray(array.T.copy()).T,
    "every other": lambda array: cupy().asarray(np.repeat(array, 2, -1))[..., ::2],
    "backwards": lambda array: cupy().asarray(array[::-1].copy())[::-1],
}


def on_device(*arrays, layout="dense"):
    """Return arrays on the device, one alone or several."""
    moved = [None if array is None else LAYOUTS[layout](np.asarray(array)) for array in arrays]
    return moved[0] if len(moved) == 1 else moved


def bits(array):
    """Return the bits of float32, from the device or not: equal where NaN and the sign of zero are equal, too."""
    return (array.get() if hasattr(array, "get") else array).view("u4")


def assert_same_bits(got, expected):
    np.testing.assert_array_equal(bits(got), bits(expected))


def narrow(module, *instances):
    """Build no other kernels of a module than these: for tests that alter the text."""
    module.PROGRAM.text = INSTANCE.sub("", module.PROGRAM.text) + "".join(f"// INSTANCE: {name}\n" for name in instances)


def plant(module, old, new):
    """Put a bug into the kernels of a module: `old`, which their text or a header has once or more, becomes `new`."""
    text, seen = module.PROGRAM.text, {"mma.cuh"}  # which the simulator has its own of

    def pasted(match):
        if match[1] in seen:
            return match[0] if match[1] == "mma.cuh" else ""
        seen.add(match[1])
        return HEADER.sub(pasted, (FOLDER / match[1]).read_text(encoding="utf-8"))

    text = HEADER.sub(pasted, text)
    assert old in text
    module.PROGRAM.text = text.replace(old, new)


def races_but_of_parts(twins, action):
    """Return the races of what is launched, without the second pass of sums: that has a test, and many threads."""
    program = twins("parts").PROGRAM
    launch = program.launch

    def unobserved(*arguments):
        observers, simulator.observers[:] = simulator.observers[:], []
        launch(*arguments)
        simulator.observers[:] = observers

    program.launch = unobserved
    return races.races_in(action)


def assert_devices_agree(op, *values, rtol=1e-5, atol=1e-5, seed=9):
    """Hold an op to the same value and gradients on the device as on the host without kernels."""
    results = []
    for device in "cpu", "cuda":
        with minigrad.kernels("auto" if device == "cuda" else "reference"):
            leaves = [Tensor(v).to(device).requires_grad_() for v in values]
            y = op(*leaves)
            y.backward(Tensor(drawn(y.shape, seed)).to(device))
            results.append([x.detach().cpu().numpy() for x in (y, *(x.grad for x in leaves))])
    for expected, got in zip(*results, strict=True):
        assert got.shape == expected.shape and got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol * max(1.0, np.abs(expected).max(initial=0)))
