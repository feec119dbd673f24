import io
import zipfile

import numpy as np
import pytest

from minigrad.classroom.sandbox.wire import WireError, laid_out, pack, unpack


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -0.5, "text", [1, [2.0, None]], (1, (2,)), {"a": [1], 2: (True,)}, float("inf")],
)
def test_plain_values_arrive_as_they_were_sent(value):
    assert unpack(pack(value)) == value and type(unpack(pack(value))) is type(value)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 1, 3)])
def test_arrays_keep_type_shape_and_values(dtype, shape):
    sent = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    found = unpack(pack([sent]))[0]
    assert found.dtype == sent.dtype and found.shape == sent.shape and np.array_equal(found, sent)


def test_arrays_stay_read_only_and_gapped_as_they_were():
    sent = np.arange(12.0).reshape(3, 4)[::-1, ::2]
    sent.flags.writeable = False
    found = unpack(pack(sent))
    assert np.array_equal(found, sent) and not found.flags.writeable and not found.flags.c_contiguous


def test_laid_out_gives_memory_of_its_own():
    a = np.arange(4.0)
    assert not np.shares_memory(laid_out(a, False, False), a) and laid_out(a, True, False).strides == (-16,)


@pytest.mark.parametrize(
    ("value", "said"),
    [(object(), "a object"), ({1, 2}, "a set"), (np.array([None]), "an array of object"), (np.array(["a"]), "an array of <U1"), (np.array([1j]), "an array of complex128")],
)
def test_what_is_no_number_is_refused(value, said):
    with pytest.raises(WireError, match=said):
        pack([value])


def test_a_subclass_of_array_is_refused_since_it_may_lie():
    class Liar(np.ndarray):
        def __eq__(self, other):
            return True

        __hash__ = None

    with pytest.raises(WireError, match="a Liar"):
        pack(np.zeros(3).view(Liar))


def test_lists_may_not_be_bottomless():
    value = []
    for _ in range(60):
        value = [value]
    with pytest.raises(WireError, match="more than 50 deep"):
        pack(value)


def test_a_result_that_only_looks_large_is_measured_and_refused():
    with pytest.raises(WireError, match="8590 MB, more than the 1 MB allowed"):
        pack(np.broadcast_to(np.zeros(1), (1 << 30,)), 1 << 20)


def forged(**parts):
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w", parts.pop("method", zipfile.ZIP_STORED)) as archive:
        for name, content in parts.items():
            archive.writestr(f"{name}.npy", content)
    return store.getvalue()


def npy(array, **header):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape, **header})
    return file.getvalue() + array.tobytes()


def meta(text):
    return npy(np.frombuffer(text.encode(), np.uint8))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ab",
        b"PK\x05\x06" + bytes(18),
        forged(meta=b"not an array"),
        forged(meta=meta("{")),
        forged(meta=meta('{"array": 0}')),
        forged(meta=meta('{"class": []}')),
        forged(meta=meta('{"list": 3}')),
        forged(meta=meta("[" * 100_000)),
        forged(meta=meta('{"array": 0}'), a0=npy(np.zeros(3), shape=(1 << 40,))),
        forged(meta=meta('{"array": 0}'), a0=npy(np.zeros(3), shape=(-3,))),
        forged(meta=meta('{"array": 0}'), a0=npy(np.zeros(3), shape=(2,))),
        forged(meta=meta('{"array": 0}'), a0=npy(np.zeros(3), descr="|O")),
        forged(meta=meta("null" + " " * 100_000), method=zipfile.ZIP_DEFLATED),
    ],
)
def test_a_forged_message_is_an_error_and_nothing_else(body):
    with pytest.raises(WireError):
        unpack(body)


def test_a_pickle_is_never_read():
    store = io.BytesIO()
    np.savez(store, meta=np.array([{"a": 1}], dtype=object))
    with pytest.raises(WireError, match="object"):
        unpack(store.getvalue())
