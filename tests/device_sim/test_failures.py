"""What a user is told when there is no GPU, when it is full, and when a solver fails on it."""

import sys

import pytest

import minigrad
from minigrad import backend, linalg
from minigrad.errors import ArgumentError, DeviceError, MissingPackageError, OutOfMemoryError, RangeError
from minigrad.nn import functional as F
from tests.cusim.simcupy import POOL


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)


def test_a_missing_driver_is_told_in_one_sentence_at_once(no_cupy, monkeypatch):
    monkeypatch.setattr(backend, "driver_problem", lambda: "NVIDIA's driver (libcuda.so.1) is not installed")
    for ask in (lambda: minigrad.ones(2).cuda(), lambda: minigrad.zeros(2, device="cuda"), lambda: minigrad.nn.Linear(2, 2).cuda()):
        with pytest.raises(DeviceError) as caught:
            ask()
        assert str(caught.value) == (
            "device: cuda is not available here: NVIDIA's driver (libcuda.so.1) is not installed\nHint: use device=\"cpu\""
        )


def test_a_missing_package_is_named(no_cupy, monkeypatch):
    monkeypatch.setattr(backend, "driver_problem", lambda: None)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises((MissingPackageError, DeviceError)):
        minigrad.ones(2).cuda()


def test_a_full_gpu_is_told_with_its_numbers(cuda):
    x = minigrad.zeros(100, 100, device="cuda")
    POOL.set_limit(size=POOL.used_bytes() + 50_000)
    try:
        with pytest.raises(OutOfMemoryError, match=r"cuda: 40,\d+ bytes were asked for(.|\n)*Hint: make the batch smaller"):
            [x + i for i in range(3)]
        assert (x[:10] + 1).sum().item() == 1000  # and it can be used again
    finally:
        POOL.set_limit(size=0)


def test_a_solver_that_fails_on_the_gpu_says_why(cuda):
    singular = minigrad.tensor([[1.0, 2.0], [2.0, 4.0]], device="cuda")
    with pytest.raises(ArgumentError, match="inv: the matrix is singular"):
        linalg.inv(singular)
    with pytest.raises(ArgumentError, match="cholesky: the matrix is not positive definite"):
        linalg.cholesky(minigrad.tensor([[1.0, 2.0], [2.0, 1.0]], device="cuda"))


def test_an_anomaly_on_the_gpu_is_named(cuda):
    x = minigrad.tensor([0.0], device="cuda", requires_grad=True)
    with minigrad.detect_anomaly(), pytest.raises(minigrad.errors.AnomalyError, match="log"):
        x.log()


@pytest.mark.parametrize("kernel", [
    lambda where: F.cross_entropy(minigrad.zeros(2, 3, device=where), minigrad.tensor([0, 10**6], device=where)),
    lambda where: minigrad.nn.GRU(2, 3).to(where)(minigrad.zeros(4, 2, 2, device=where), lengths=minigrad.tensor([3, 10**6], device=where))[0].sum(),
    lambda where: F.ctc_loss(minigrad.zeros(4, 1, 3, device=where), minigrad.tensor([[10**6]], device=where), [4], [1]),
    lambda where: F.embedding(minigrad.tensor([10**6], device=where), minigrad.zeros(3, 2, device=where)).sum(),
], ids=["cross_entropy", "gru", "ctc_loss", "embedding"])  # fmt: skip
def test_what_is_out_of_range_never_reaches_a_kernel(kernel, twins):
    loss = kernel("cuda")  # the simulator would refuse an access outside its arguments
    with pytest.raises((RangeError, ArgumentError), match="1000000, outside"):
        loss.item()
