"""Every op gives on the GPU what it gives on the CPU, for every case of tests/ops: the value, and the gradients."""

import inspect

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import DeviceError
from tests.cusim.simcupy import LEDGER
from tests.device_sim.both import assert_same, gradients, moved, tensors
from tests.ops.test_registry import FAMILIES, cases_of

CASES = [case for family in FAMILIES for case in cases_of(family)]
# The size of their result depends on values, or they hand out numbers: the host has to look.
WAITING = {
    "argwhere", "bincount", "cholesky", "inv", "inverse", "logdet", "masked_select", "multinomial", "nonzero", "repeat_interleave",
    "slogdet", "solve", "to", "unique",
}  # fmt: skip
# They read from one operand a shape, a type, numbers that Python needs, or an index, which may come from the CPU.
LENIENT = {
    "broadcast_tensors", "ctc_loss", "expand_as", "getitem", "index_put", "meshgrid", "put_add", "repeat_interleave",
    "reshape_as", "type_as", "view_as",
}  # fmt: skip


def run(case, device):
    """Return the outputs of a case, and the gradients of its floating arguments."""
    minigrad.manual_seed(5)
    args, options = [moved(arg, device) for arg in case.draw(3)], moved(case.kwargs, device)
    if not tensors(args):  # what makes a tensor of nothing is told where
        if "device" not in inspect.signature(case.op).parameters:
            return []
        options["device"] = device
    inputs = [args[i].requires_grad_() for i in case.floating()] if case.differentiable else []
    outputs = tensors(case.op(*args, **options))
    return outputs + gradients(outputs, inputs, device)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_case_gives_on_cuda_what_it_gives_on_the_cpu(family, cuda):
    for case in cases_of(family):
        try:
            assert_same(run(case, "cpu"), run(case, "cuda"))
        except Exception as error:
            raise AssertionError(case.id) from error


@pytest.mark.parametrize("family", FAMILIES)
def test_no_op_waits_for_the_gpu_but_those_that_must_look(family, cuda):
    waits = {}
    for case in cases_of(family):
        with LEDGER.counting():
            run(case, "cuda")
            if LEDGER.waits and case.name not in WAITING and not may_look(case):
                waits[case.id] = dict(LEDGER.waits)
    assert not waits


def may_look(case):
    """Say whether a case is one that no op can do blindly: a mask or a 0-d index as a key, one_hot without a size."""
    drawn = case.draw(3)
    keys = [part for arg in drawn[1:] for part in (arg if isinstance(arg, tuple) else (arg,)) if not isinstance(part, slice)]
    if case.name in ("getitem", "put_add", "index_put") and any(np.asarray(key).dtype == bool for key in keys):
        return True
    counts = case.name == "one_hot" and "num_classes" not in case.kwargs and len(drawn) == 1
    return counts or any(np.asarray(arg).dtype.kind == "i" and not np.ndim(arg) for arg in drawn)


def spots(args):
    """Return the places of tensors among arguments: (i, None), or (i, j) in a sequence."""
    found = []
    for i, arg in enumerate(args):
        inside = enumerate(arg) if isinstance(arg, (list, tuple)) else [(None, arg)]
        found += [(i, j) for j, part in inside if isinstance(part, (np.ndarray, np.generic))]
    return found


def placed(args, stranger, device, other):
    """Return the arguments on `device`, but for the one at the place `stranger`, which is on `other`."""
    made = [list(arg) if isinstance(arg, (list, tuple)) else arg for arg in args]
    for i, j in spots(args):
        here = other if (i, j) == stranger else device
        if j is None:
            made[i] = Tensor(args[i]).to(here)
        else:
            made[i][j] = Tensor(args[i][j]).to(here)
    return [type(arg)(new) if isinstance(arg, tuple) else new for arg, new in zip(args, made, strict=True)]


@pytest.mark.parametrize("devices", [("cuda", "cpu"), ("cpu", "cuda")])
@pytest.mark.parametrize("family", FAMILIES)
def test_operands_on_different_devices_are_refused_by_name(family, devices, cuda):
    for case in cases_of(family):
        args = case.draw(3)
        places = spots(args)
        for place in places if len(places) > 1 and case.name not in LENIENT else ():
            with pytest.raises(DeviceError) as caught:
                case.op(*placed(args, place, *devices), **case.kwargs)
            words = str(caught.value)
            assert words.startswith(case.name) or ": " in words, case.id
            assert "cpu" in words and "cuda" in words and "Hint: move one with .to(device)" in words, case.id


def test_an_index_from_the_cpu_may_be_used_on_cuda_and_not_the_other_way_round(cuda):
    x, i = minigrad.arange(6.0), minigrad.tensor([4, 1])
    assert x.cuda()[i].tolist() == [4, 1]
    with pytest.raises(DeviceError, match="getitem: input is on cpu but its index on cuda\nHint: move one"):
        x[i.cuda()]


def test_random_numbers_are_the_same_on_both_devices(cuda):
    draws = [
        lambda device: minigrad.rand(3, 4, device=device), lambda device: minigrad.randn(5, device=device, dtype="float64"),
        lambda device: minigrad.randint(0, 9, (6,), device=device), lambda device: minigrad.randperm(7, device=device),
        lambda device: minigrad.ones(4, 4, device=device).mul(0.3).bernoulli(), lambda device: minigrad.zeros(9, device=device).normal_(),
        lambda device: minigrad.zeros(9, device=device).uniform_(-1, 1), lambda device: minigrad.nn.functional.dropout(minigrad.ones(50, device=device)),
    ]  # fmt: skip
    for draw in draws:
        minigrad.manual_seed(11)
        on_cpu = draw("cpu")
        minigrad.manual_seed(11)
        assert_same([on_cpu], [draw("cuda")])
