"""What a launch does with its arguments, shown on kernels that write down what they were given."""

import numpy as np
import pytest

from tests.cusim.simulator import SimError

from .agreement import on_device

TEXT = """
template <int N>
__global__ void fill(float* y, const float* x, int n) {
  if (threadIdx.x < n) y[threadIdx.x] = x ? x[threadIdx.x] * N : N;
}

__global__ void numbers(double* y, bool a, int b, unsigned c, long long d, unsigned long long e, float f, double g) {
  y[0] = a, y[1] = b, y[2] = c, y[3] = d, y[4] = e, y[5] = f, y[6] = g;
}

__global__ void types(const unsigned short* halves, const unsigned char* bytes, const long long* wide, const int* ints, float* y) {
  y[0] = halves[0], y[1] = bytes[0], y[2] = wide[0], y[3] = ints[0];
}

__global__ void shared(float* y) {
  extern __shared__ float all[];
  all[threadIdx.x] = threadIdx.x;
  y[threadIdx.x] = all[threadIdx.x];
}

struct Pair {
  long long n;
  float x;
};

__global__ void fields(const Pair pair, double* y) {
  y[0] = pair.n, y[1] = pair.x;
}

// INSTANCE: fill<{2|3}>
// INSTANCE: {numbers|types|shared|fields}
"""


@pytest.fixture
def programs(twins, monkeypatch, tmp_path):
    """The module, with a folder that holds example.cu alone."""
    module = twins("program")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    (tmp_path / "example.cu").write_text(TEXT, encoding="utf-8")
    return module


@pytest.fixture
def program(programs):
    return programs.Program("example")


def test_the_instance_that_is_asked_for_runs(program):
    x, y = on_device(np.arange(4, dtype="f4"), np.zeros(4, "f4"))
    program.launch("fill<2>", (1,), 32, y, x, 4)
    assert y.get().tolist() == [0, 2, 4, 6]
    program.launch("fill<3>", (1,), 32, y, x, 3)
    assert y.get().tolist() == [0, 3, 6, 6]


def test_a_structured_array_is_a_struct_by_value(program):
    pair, y = np.zeros((), np.dtype([("n", np.int64), ("x", np.float32)], align=True)), on_device(np.zeros(2))
    pair["n"], pair["x"] = 2**40, 0.5
    program.launch("fields", (1,), 1, pair, y)
    assert y.get().tolist() == [2**40, 0.5]


def test_none_is_a_null_pointer(program):
    y = on_device(np.zeros(2, "f4"))
    program.launch("fill<2>", (1,), 32, y, None, 2)
    assert y.get().tolist() == [2, 2]


def test_numbers_become_what_the_text_wants(program):
    y = on_device(np.zeros(7))
    program.launch("numbers", (1,), 1, y, True, -3, 2**32 - 1, -(2**40), 2**63, 0.5, 0.1)
    assert y.get().tolist() == [1, -3, 2**32 - 1, -(2**40), 2**63, 0.5, 0.1]


def test_a_number_that_does_not_fit_is_refused(program):
    with pytest.raises(OverflowError):
        program.launch("fill<2>", (1,), 32, *on_device(np.zeros(2, "f4"), np.zeros(2, "f4")), 2**31)


@pytest.mark.parametrize("half", [np.float16, np.uint16, np.int16])
def test_arrays_of_sixteen_bits_are_taken_as_bits_and_others_by_type(program, half):
    halves = np.array([7], np.uint16).view(half)
    given = on_device(halves, np.uint8([8]), np.int64([-9]), np.int32([10]), np.zeros(4, "f4"))
    program.launch("types", (1,), 1, *given)
    assert given[-1].get().tolist() == [7, 8, -9, 10]


TYPES = [np.zeros(2, "u2"), np.zeros(2, "u1"), np.zeros(2, "i8"), np.zeros(2, "i4"), np.zeros(4, "f4")]


@pytest.mark.parametrize(
    ("place", "dtype", "message"),
    [
        (0, "f4", "halves is a contiguous array of float32, the kernel takes unsigned short*"),
        (1, "?", "bytes is a contiguous array of bool, the kernel takes unsigned char*"),
        (2, "u8", "wide is a contiguous array of uint64, the kernel takes long long*"),
        (3, "i8", "ints is a contiguous array of int64, the kernel takes int*"),
        (4, "f8", "y is a contiguous array of float64, the kernel takes float*"),
    ],
)
def test_an_array_of_another_type_is_refused(program, place, dtype, message):
    given = on_device(*TYPES)
    given[place] = given[place].astype(dtype)
    with pytest.raises(TypeError) as error:
        program.launch("types", (1,), 1, *given)
    assert str(error.value) == f"example.cu: types: {message}, contiguous"


def test_a_strided_view_is_refused(program):
    x, y = on_device(np.zeros((4, 2), "f4"), np.zeros(4, "f4"))
    with pytest.raises(TypeError, match=r"example.cu: fill: x is a strided array of float32, the kernel takes float\*, contiguous"):
        program.launch("fill<2>", (1,), 32, y, x[:, 0], 4)


def test_too_few_and_too_many_arguments_are_refused(program):
    y = on_device(np.zeros(4, "f4"))
    for given in (y, None), (y, None, 4, 5):
        with pytest.raises(TypeError, match=f"example.cu: fill<2> takes 3 arguments, got {len(given)}"):
            program.launch("fill<2>", (1,), 32, *given)


@pytest.mark.parametrize("name", ["fill<4>", "fill", "nothing"])
def test_an_instance_that_the_text_does_not_list_is_refused(program, name):
    with pytest.raises(KeyError, match=f"example.cu: there is no line `// INSTANCE: {name}`"):
        program.launch(name, (1,), 32)


def test_an_empty_grid_launches_nothing(program):
    program.launch("fill<2>", (0,), 32)
    program.launch("fill<2>", (3, 0), 32)
    assert not program._ready


def test_a_kernel_is_compiled_at_its_first_launch_and_kept(cupy, program, monkeypatch):
    y, made = on_device(np.zeros(2, "f4")), []
    original = cupy.RawModule
    monkeypatch.setattr(cupy, "RawModule", lambda **options: made.append(options["name_expressions"]) or original(**options))
    for instance in "fill<2>", "fill<2>", "fill<3>", "fill<2>":
        program.launch(instance, (1,), 32, y, None, 2)
    assert made == [("fill<2>",), ("fill<3>",)]


@pytest.mark.parametrize("threads", [32, 1024])
def test_shared_memory_may_be_asked_for_beyond_what_there_is_unasked(program, threads):
    y = on_device(np.zeros(threads, "f4"))
    program.launch("shared", (1,), threads, y, shared=200 * 1024 if threads > 32 else 128)
    assert y.get().tolist() == list(range(threads))


def test_more_than_a_block_can_have_is_an_error(program):
    with pytest.raises(SimError, match="exceeds"):
        program.launch("shared", (1,), 32, on_device(np.zeros(32, "f4")), shared=228 * 1024)


def test_the_text_is_read_when_it_is_needed(programs):
    missing = programs.Program("missing")
    with pytest.raises(FileNotFoundError):
        missing.launch("k", (1,), 32)


def test_an_altered_header_makes_other_options(programs, tmp_path):
    seen = set()
    for header in None, "int a;", "int b;":
        if header is not None:
            (tmp_path / "some.cuh").write_text(header)
        seen.add(programs.Program("example").options)
    assert len(seen) == 3
    assert all(options[:2] == ("-std=c++17", f"-I{tmp_path}") for options in seen)
