"""A small `torch.save`: it writes the opcodes that PyTorch writes, right ones and, where a test says so, wrong ones."""

import io
import struct
import zipfile
from typing import NamedTuple

import numpy as np

STORAGE_NAMES = {
    "u1": "ByteStorage", "i1": "CharStorage", "i2": "ShortStorage", "i4": "IntStorage", "i8": "LongStorage",
    "f2": "HalfStorage", "f4": "FloatStorage", "f8": "DoubleStorage", "b1": "BoolStorage",
}  # fmt: skip


class Ref(NamedTuple):
    """GLOBAL."""

    module: str
    attribute: str


class Call(NamedTuple):
    """REDUCE, and BUILD if there is a state."""

    function: object
    arguments: tuple
    state: object = None


class Persistent(NamedTuple):
    """BINPERSID."""

    key: object


class Raw(NamedTuple):
    """Opcodes as they are."""

    opcodes: bytes


REBUILD = Ref("torch._utils", "_rebuild_tensor_v2")
ORDERED_DICT = Call(Ref("collections", "OrderedDict"), ())


def opcodes(value):
    """The opcodes that push `value`."""
    if isinstance(value, Raw):
        return value.opcodes
    if isinstance(value, Ref):
        return f"c{value.module}\n{value.attribute}\n".encode()
    if isinstance(value, Persistent):
        return opcodes(value.key) + b"Q"
    if isinstance(value, Call):
        built = opcodes(value.function) + opcodes(value.arguments) + b"R"
        return built if value.state is None else built + opcodes(value.state) + b"b"
    if value is None or value is True or value is False:
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        length = value.bit_length() // 8 + 1
        return b"\x8a" + bytes([length]) + value.to_bytes(length, "little", signed=True)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return b"B" + struct.pack("<I", len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return b"X" + struct.pack("<I", len(data)) + data
    if isinstance(value, dict):
        return b"}(" + b"".join(opcodes(key) + opcodes(item) for key, item in value.items()) + b"u"
    begin, end = (b"](", b"e") if isinstance(value, list) else (b"(", b"t")
    return begin + b"".join(map(opcodes, value)) + end


def program(value):
    return b"\x80\x02" + opcodes(value) + b"."


def identifier(kind, key, n, legacy=False):
    storage = Ref("torch", STORAGE_NAMES.get(kind, kind))
    return Persistent(("storage", storage, key, "cpu", n, None) if legacy else ("storage", storage, key, "cpu", n))


def tensor(kind, key, n, offset, size, stride, legacy=False):
    return Call(REBUILD, (identifier(kind, key, n, legacy), offset, size, stride, False, ORDERED_DICT))


def whole(array, key, legacy=False):
    """A tensor that is all of its storage."""
    steps = tuple(step // array.itemsize for step in np.ascontiguousarray(array).strides) if array.ndim else ()
    return tensor(array.dtype.str[1:], key, array.size, 0, array.shape, steps, legacy)


def with_tensors(state, storages, legacy=False):
    """Put a tensor in the place of every array of a state, and its bytes into `storages`."""
    if isinstance(state, np.ndarray):
        key = str(len(storages))
        storages[key] = state
        return whole(state, key, legacy)
    if isinstance(state, dict):
        return {key: with_tensors(item, storages, legacy) for key, item in state.items()}
    if type(state) in (list, tuple):
        return type(state)(with_tensors(item, storages, legacy) for item in state)
    return state


def zip_bytes(tree, storages, root="archive", byteorder=b"little", members=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{root}/data.pkl", tree if isinstance(tree, bytes) else program(tree))
        archive.writestr(f"{root}/byteorder", byteorder)
        for key, array in storages.items():
            archive.writestr(f"{root}/data/{key}", np.asarray(array).tobytes())
        for name, content in (members or {}).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def legacy_bytes(tree, storages, keys=None, magic=0x1950A86A20F9469CFC6C, version=1001, machine=None):
    machine = {"protocol_version": 1001, "little_endian": True} if machine is None else machine
    body = b"".join(map(program, (magic, version, machine, tree, list(storages) if keys is None else keys)))
    for array in storages.values():
        body += struct.pack("<q", np.asarray(array).size) + np.asarray(array).tobytes()
    return body


def saved(state, legacy=False):
    """The bytes of a file that holds `state`, a nested state with arrays."""
    storages = {}
    tree = with_tensors(state, storages, legacy)
    return legacy_bytes(tree, storages) if legacy else zip_bytes(tree, storages)
