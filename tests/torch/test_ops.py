"""Every case of every op, called in PyTorch under the same name: values, types and gradients agree.

Runs where PyTorch is installed; the rest of the suite does not need it.
"""

import importlib
import pkgutil

import numpy as np
import pytest

from minigrad import Tensor, ops

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

FAMILIES = [m.name for m in pkgutil.iter_modules(ops.__path__)]
# Ops of ours that PyTorch does not have as a function of this form.
OURS = {
    "getitem", "index_put", "put_add", "sum_to_size", "new_full", "new_ones", "new_zeros", "tensor", "as_tensor",
    "from_numpy", "to", "type_as", "detach", "contiguous", "view", "expand", "repeat", "expand_as",
}  # fmt: skip
# Random numbers differ; empty tensors hold zeros here.
UNLIKE = {
    "alpha_dropout", "bernoulli", "dropout", "dropout1d", "dropout2d", "dropout3d", "empty", "empty_like", "multinomial",
    "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm",
}  # fmt: skip
# Of values written to one place, only the last has a gradient here; PyTorch gives one to all and says so.
OTHER_GRADIENT = {"scatter"}


def all_cases():
    for family in FAMILIES:
        spec = importlib.util.find_spec(f"tests.ops.test_{family}")
        if spec is not None:
            yield from getattr(importlib.import_module(spec.name), "CASES", [])


def theirs(name):
    if name == "solve":  # the torch.solve of old is only an error message now
        return torch.linalg.solve
    for place in (torch.nn.functional, torch, torch.linalg):
        found = getattr(place, name, None)
        if callable(found):
            return found
    return None


CASES = [
    case for case in all_cases()
    if case.name not in OURS | UNLIKE and case.op is getattr(ops, case.name) and theirs(case.name) is not None
]  # fmt: skip


def in_torch(value):
    return torch.tensor(value) if isinstance(value, (np.ndarray, np.generic)) else value


def called(case, args):
    """Call PyTorch's function, or its method of that name, which takes sizes one by one."""
    options = {name: in_torch(value.numpy() if isinstance(value, Tensor) else value) for name, value in case.kwargs.items()}
    try:
        return theirs(case.name)(*args, **options)
    except TypeError:
        if not isinstance(args[0], torch.Tensor) or not hasattr(args[0], case.name):
            raise
        return getattr(args[0], case.name)(*args[1:], **options)


def flat(result):
    return [y for y in (result if isinstance(result, (tuple, list)) else [result]) if hasattr(y, "shape")]


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case.id[:80]}" for i, case in enumerate(CASES)])
def test_values_and_gradients_agree_with_pytorch(case):
    args = case.draw(8)
    plain = [Tensor(a) if isinstance(a, np.ndarray) else a for a in args]
    other = [in_torch(a) for a in args]
    for i in case.floating():
        plain[i] = Tensor(args[i], requires_grad=True)
        other[i].requires_grad_(True)
    try:
        expected = called(case, other)
    except (TypeError, RuntimeError, ValueError, NotImplementedError) as error:
        pytest.skip(f"PyTorch does not take this form: {str(error).splitlines()[0][:80]}")
    got = case.call(plain)
    ys, es = flat(got), flat(expected)
    assert len(ys) == len(es)
    ours_total, their_total = None, None
    for k, (y, e) in enumerate(zip(ys, es, strict=True)):
        rtol = 1e-6 if e.dtype == torch.float32 else 1e-8
        np.testing.assert_allclose(y.numpy(), e.detach().numpy(), rtol=rtol, atol=1e-10)
        if y.requires_grad and e.requires_grad:
            v = np.random.default_rng(k).normal(size=y.shape)
            ours, them = (y * Tensor(v)).sum(), (e * torch.tensor(v)).sum()
            ours_total = ours if ours_total is None else ours_total + ours
            their_total = them if their_total is None else their_total + them
    if ours_total is not None and case.name not in OTHER_GRADIENT:
        try:
            their_total.backward()
        except RuntimeError as error:
            pytest.skip(f"PyTorch does not differentiate this: {str(error).splitlines()[0][:80]}")
        ours_total.backward()
        for i in case.floating():
            if other[i].grad is not None:
                mine = np.zeros(args[i].shape) if plain[i].grad is None else plain[i].grad.numpy()
                np.testing.assert_allclose(mine, other[i].grad.numpy(), rtol=1e-7, atol=1e-9)


def test_the_comparison_reaches_most_ops():
    assert len({case.name for case in CASES}) > 200
