"""minigrad reads what PyTorch writes."""

import io

import numpy as np
import pytest

from minigrad.io import load, load_torch

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

TYPES = ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "bool", "bfloat16"]
NEW_TYPES = ["uint16", "uint32", "uint64"]  # only the zip format has them


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pt"


def same(found, expected):
    if isinstance(expected, torch.Tensor):
        wide = expected.float() if expected.dtype == torch.bfloat16 else expected
        return found.dtype == wide.detach().numpy().dtype and np.array_equal(found, wide.detach().numpy(), equal_nan=True)
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(same(found[key], value) for key, value in expected.items())
    if isinstance(expected, (list, tuple)):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found == expected


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_type_and_layout_comes_back(path, zipped, protocol):
    x = torch.arange(24).reshape(2, 3, 4)
    state = {name: (x % 2 if name == "bool" else x).to(getattr(torch, name)) for name in TYPES + NEW_TYPES * zipped}
    state |= {
        "views": [x[1], x.permute(2, 0, 1), x[:, ::2, 1:], x[0, 0, 0]],
        "empty": torch.zeros(0, 3), "expanded": torch.ones(1, 3).expand(4, 3), "parameter": torch.nn.Parameter(torch.ones(2)),
        "numbers": (1, -(2**80), 2.5, float("inf"), None, True, "text π", [], {}, ()),
    }  # fmt: skip
    torch.save(state, path, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    assert same(load_torch(path), state)


@pytest.mark.parametrize("zipped", [True, False])
def test_the_states_of_a_model_and_an_optimizer_come_back(path, zipped):
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.GRU(3, 4))
    optimizer = torch.optim.AdamW(model[:2].parameters(), lr=0.1)
    model[1](model[0](torch.randn(2, 1, 5, 5))).sum().backward()
    optimizer.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "size": torch.zeros(2, 3).shape}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    found = load_torch(path)
    assert same(found, state)
    assert same({key: value.array for key, value in load(path)["model"].items()}, state["model"])


@pytest.mark.parametrize("zipped", [True, False])
def test_shared_memory_stays_shared(path, zipped):
    x = torch.zeros(4)
    torch.save([x, x[2:]], path, _use_new_zipfile_serialization=zipped)
    first, second = load_torch(path)
    second[:] = 1
    assert first.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: torch.nn.Linear(2, 2), "asks to call|opcode 0x81|a whole model"),
        (lambda: torch.zeros(2, dtype=torch.complex64), "ComplexFloatStorage' are not read"),
        (lambda: torch.zeros(2).to_sparse(), "asks to call 'torch"),
        (lambda: {1, 2}, "asks to call"),
    ],
)
def test_what_is_no_state_is_refused_by_name(path, make, message):
    torch.save(make(), path)
    with pytest.raises(ValueError, match=message):
        load_torch(path)


def test_a_torchscript_archive_is_named(path):
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), str(path))
    with pytest.raises(ValueError, match="a TorchScript archive holds a program"):
        load_torch(path)


def test_a_buffer_written_by_pytorch_is_read_bit_for_bit(path):
    buffer, x = io.BytesIO(), torch.randn(5, dtype=torch.float64)
    torch.save(x, buffer)
    path.write_bytes(buffer.getvalue())
    assert load_torch(path).tobytes() == x.numpy().tobytes()
