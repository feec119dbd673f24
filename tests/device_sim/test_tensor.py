"""Tensors on the GPU: moving, printing, indexing, comparing, reading values; what is refused, and in which words."""

import copy
import gc
import pickle

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import DeviceError, InPlaceError, RangeError
from tests.cusim.simcupy import LEDGER, POOL
from tests.device_sim.both import assert_same


def test_a_tensor_moves_there_and_back(cuda):
    x = minigrad.tensor([[1.0, 2.0], [3.0, 4.0]])
    for there in (x.cuda(), x.to("cuda"), x.to("cuda:0"), minigrad.tensor(x, device="cuda"), x.to(x.cuda())):
        assert there.device == "cuda" and there.dtype == "float32"
        for back in (there.cpu(), there.to("cpu")):
            assert back.device == "cpu" and back.tolist() == x.tolist()
    assert x.cuda().to("cuda").array is not None and x.cpu() is x


def test_a_second_gpu_is_refused_with_the_way_to_use_it(cuda):
    with pytest.raises(minigrad.errors.ArgumentError, match="CUDA_VISIBLE_DEVICES=1"):
        minigrad.ones(2).to("cuda:1")


def test_gradients_go_back_to_the_device_that_they_came_from(cuda):
    x = minigrad.tensor([1.0, 2.0], requires_grad=True)
    (x.cuda() * 3).sum().cpu().backward()
    assert x.grad.device == "cpu" and x.grad.tolist() == [3, 3]
    w = minigrad.tensor([1.0, 2.0], device="cuda", requires_grad=True)
    (w.cpu() * 3).sum().backward()
    assert w.grad.device == "cuda"


def test_a_tensor_prints_its_values_and_its_device(cuda):
    x = minigrad.tensor([1.0, 2.5], device="cuda", requires_grad=True)
    assert repr(x) == "tensor([1. , 2.5], device='cuda', requires_grad=True)"
    assert f"{x.sum():.2f}" == "3.50" and str(x[0]).startswith("tensor(1., device='cuda'")


def test_values_are_read_by_item_tolist_and_bool(cuda):
    x = minigrad.tensor([3.0, 4.0], device="cuda")
    assert x.sum().item() == 7 and float(x[0]) == 3 and int(x[1]) == 4 and x.tolist() == [3, 4]
    assert bool(x[0] > 2) and 4.0 in x and len(x) == 2 and [v.item() for v in x] == [3, 4]
    assert minigrad.equal(x, x.clone()) and minigrad.allclose(x, x + 1e-9)


@pytest.mark.parametrize("read", [Tensor.numpy, np.asarray, lambda x: np.ones(2) * np.asarray(x)])
def test_numpy_is_refused_with_the_way_to_get_it(read, cuda):
    with pytest.raises(DeviceError) as caught:
        read(minigrad.ones(2, device="cuda"))
    assert str(caught.value) == "numpy: the tensor is on cuda\nHint: copy it to the host with .cpu().numpy()"


def test_arrays_of_numpy_and_tensors_of_cuda_do_not_mix(cuda):
    x = minigrad.ones(3, device="cuda")
    for mix in (lambda: x + np.ones(3), lambda: np.ones(3) * x, lambda: x @ np.ones(3), lambda: x == minigrad.ones(3)):
        with pytest.raises(DeviceError, match=r"cpu(.|\n)*cuda|cuda(.|\n)*cpu"):
            mix()


def test_indexing_reads_views_and_writes_through_them(cuda):
    x = minigrad.arange(12.0, device="cuda").reshape(3, 4).clone()
    assert x[1, 2].item() == 6 and x[:, 1].tolist() == [1, 5, 9] and x[..., -1].shape == (3,)
    assert x[[2, 0]].tolist() == [[8, 9, 10, 11], [0, 1, 2, 3]] and x[x > 9].tolist() == [10, 11]
    assert x[minigrad.tensor([1], device="cuda"), minigrad.tensor([2, 3], device="cuda")].tolist() == [6, 7]
    x[0] = -1
    x[1, ::2] = minigrad.tensor([7.0, 8.0], device="cuda")
    x[x < 0] = 0
    x[2][1] += 100
    assert x.tolist() == [[0, 0, 0, 0], [7, 5, 8, 7], [8, 109, 10, 11]]


def test_of_several_values_for_one_place_the_last_stays_as_on_the_cpu(cuda):
    found = {}
    for device in ("cpu", "cuda"):
        x, v = minigrad.zeros(4, device=device), minigrad.tensor([1.0, 2, 3, 4], device=device, requires_grad=True)
        i = minigrad.tensor([2, 0, 2, 2], device=device)
        y = x.index_put((i,), v)
        x[i] = v.detach()
        found[device] = [x, y, *minigrad.grad(y.sum(), v)]
    assert_same(found["cpu"], found["cuda"])
    assert found["cuda"][0].tolist() == [2, 0, 4, 0]


def test_memory_that_several_elements_share_is_not_written_to(cuda):
    x = minigrad.zeros(3, 1, device="cuda").expand(3, 4)
    with pytest.raises(InPlaceError, match="add_: the memory is shared by several elements"):
        x.add_(1)


def test_an_overwritten_value_is_noticed_on_cuda_too(cuda):
    x = minigrad.ones(3, device="cuda", requires_grad=True)
    w = minigrad.ones(3, device="cuda")
    y = (x * w).sum()
    w.mul_(2)
    with pytest.raises(InPlaceError):
        y.backward()


def test_copies_and_pickles_of_tensors_and_modules(cuda):
    x = minigrad.tensor([1.0, 2.0], device="cuda")
    twin = copy.deepcopy(x)
    twin.add_(1)
    assert x.tolist() == [1, 2] and twin.device == "cuda"
    assert pickle.loads(pickle.dumps(x)).tolist() == [1, 2]
    layer = copy.deepcopy(nn.Linear(2, 2).cuda())
    assert layer.weight.device == "cuda"


def test_a_module_moves_with_its_gradients_and_buffers(cuda):
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    model(minigrad.ones(4, 2)).sum().backward()
    model.cuda()
    everything = [*model.parameters(), *model.buffers(), *(p.grad for p in model.parameters())]
    assert all(x.device == "cuda" for x in everything)
    model.cpu()
    assert all(x.device == "cpu" for x in [*model.parameters(), *model.buffers()])


def test_an_index_out_of_range_is_told_when_a_value_is_read(cuda):
    table = nn.Embedding(5, 2).cuda()
    y = table(minigrad.tensor([1, 7], device="cuda"))
    assert y.shape == (2, 2)  # nobody has looked yet
    with pytest.raises(RangeError) as caught:
        y.sum().item()
    assert str(caught.value).startswith("embedding: input holds 7, outside [0, 5)")
    assert str(caught.value).endswith("On the GPU this is seen late: the op ran before, and its result is wrong")
    assert y.sum().item() is not None  # it is told once


def test_a_class_out_of_range_is_told_by_the_loss(cuda):
    with pytest.raises(RangeError, match="cross_entropy: target holds class 3, outside"):
        nn.functional.cross_entropy(minigrad.zeros(2, 3, device="cuda"), minigrad.tensor([0, 3], device="cuda")).item()


def test_memory_is_given_back_with_the_last_reference(cuda):
    gc.collect()  # what earlier tests left
    before = POOL.used_bytes()
    x = minigrad.zeros(1000, 100, device="cuda", requires_grad=True)
    assert POOL.used_bytes() - before == 400_384  # in blocks of 512 bytes
    y = (x * 2).relu().sum()
    y.backward()
    del x, y
    assert POOL.used_bytes() == before


def test_constants_beside_a_tensor_are_written_on_the_gpu_not_copied_to_it(cuda):
    x = minigrad.ones(3, device="cuda")
    with LEDGER.counting():
        y = (2 * x + 1.5 - x / 3).clamp(0.5, 4).masked_fill(x > 1, 0)
        y[0] = 7
        assert LEDGER.uploads == 0 and not LEDGER.waits
