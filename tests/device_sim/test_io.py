"""Files are written from the GPU and read back to either device."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn, optim
from minigrad.io import safetensors
from tests.device_sim.both import assert_same


def network(device):
    minigrad.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).to(device)


def test_a_checkpoint_saved_on_cuda_is_the_one_saved_on_the_cpu(tmp_path, cuda):
    for device in ("cpu", "cuda"):
        model = network(device)
        optimizer = optim.Adam(model.parameters())
        model(minigrad.ones(5, 3, device=device)).square().mean().backward()
        optimizer.step()
        minigrad.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / device)
    here, there = (minigrad.load(tmp_path / device)["model"] for device in ("cpu", "cuda"))
    for name, x in here.items():
        np.testing.assert_allclose(np.asarray(there[name]), np.asarray(x), rtol=1e-5, atol=1e-6)


def test_a_state_is_loaded_into_a_model_on_cuda(tmp_path, cuda):
    source, target = network("cpu"), nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).cuda()
    minigrad.save(source.state_dict(), tmp_path / "state")
    target.load_state_dict(minigrad.load(tmp_path / "state"))
    assert_same(list(source.state_dict().values()), list(target.state_dict().values()))


def test_safetensors_of_tensors_on_cuda(tmp_path, cuda):
    x = minigrad.arange(6.0, device="cuda").reshape(2, 3)
    safetensors.save_file({"x": x.array, "turned": x.T.array}, tmp_path / "x.safetensors")
    found = safetensors.load_file(tmp_path / "x.safetensors")
    assert found["x"].tolist() == x.tolist() and found["turned"].tolist() == x.T.tolist()


@pytest.mark.parametrize("fill", [
    nn.init.uniform_, nn.init.normal_, nn.init.trunc_normal_, nn.init.zeros_, nn.init.ones_, nn.init.eye_, nn.init.xavier_uniform_,
    nn.init.xavier_normal_, nn.init.kaiming_uniform_, nn.init.kaiming_normal_, nn.init.orthogonal_, lambda x: nn.init.sparse_(x, 0.3),
    lambda x: nn.init.constant_(x, 2.5), lambda x: nn.init.dirac_(x.reshape(4, 3, 1)),
])  # fmt: skip
def test_weights_start_with_the_same_numbers_on_cuda(fill, cuda):
    found = {}
    for device in ("cpu", "cuda"):
        x = minigrad.zeros(4, 3, dtype="float64", device=device)
        minigrad.manual_seed(3)
        found[device] = [fill(x)]
    assert_same(found["cpu"], found["cuda"])


def test_dlpack_shares_memory_with_arrays_of_the_device(cuda):
    x = minigrad.from_dlpack(cuda.arange(3.0))
    assert isinstance(x, Tensor) and x.device == "cuda" and x.tolist() == [0, 1, 2]
