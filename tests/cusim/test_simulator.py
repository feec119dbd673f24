"""SimModule has the call shape of cupy.RawModule: names, options, folders of headers, orders."""

import numpy as np
import pytest

from tests.cusim import samples
from tests.cusim.errors import BuildError
from tests.cusim.simulator import SimError, SimModule, scheduled, skip_without_compiler

pytestmark = skip_without_compiler

TEXT = r"""
// INSTANCE: fill<{int|float}>
template <class T> __global__ void fill(T* y) { y[threadIdx.x] = T(VALUE); }
__global__ void plain(int* y) { *y = 1; }
extern "C" __global__ void with_a_c_name(int* y) { *y = 2; }
"""


def filled(module, name, dtype="int32"):
    y = np.zeros(4, dtype)
    module.get_function(name)((1,), (1,), (y,))
    return y[0]


def test_all_instances_are_one_build_whichever_is_asked_for():
    builds = {
        SimModule(TEXT, ("-DVALUE=3",), names).path
        for names in (None, ("fill<int>",), ("fill<float>",), ("fill<float>", "plain"))
    }
    assert len(builds) == 1


def test_without_name_expressions_every_kernel_is_found():
    module = SimModule(TEXT, ("-DVALUE=3",))
    assert [filled(module, name) for name in ("fill<int>", "fill< int >", "plain", "with_a_c_name")] == [3, 3, 1, 2]
    assert filled(module, "fill<float>", "float32") == 3


def test_with_name_expressions_only_they_and_c_names_are_found_as_on_a_gpu():
    module = SimModule(TEXT, ("-DVALUE=3",), ("fill<int>",))
    assert filled(module, "fill<int>") == 3 and filled(module, "with_a_c_name") == 2
    for name in "fill<float>", "plain", "nothing":
        with pytest.raises(
            SimError,
            match=f'{name} is neither a name expression of the module nor an extern "C" kernel: fill<int>, fill<float>',
        ):
            module.get_function(name)


def test_an_expression_that_the_text_does_not_list_is_built_too():
    assert filled(SimModule(TEXT, ("-DVALUE=3",), ("fill<short>",)), "fill<short>", "int16") == 3


def test_defines_and_folders_among_the_options_count(tmp_path):
    (tmp_path / "value.cuh").write_text("constexpr int VALUE_HERE = 8;\n")
    text = '#include "value.cuh"\nextern "C" __global__ void kernel(int* y) { *y = VALUE_HERE + MORE; }'
    assert filled(SimModule(text, ("-DMORE=1", f"-I{tmp_path}", "-std=c++17")), "kernel") == 9
    assert filled(SimModule(text, ("-DMORE=2",), include_dirs=(tmp_path,)), "kernel") == 10


def test_an_edited_header_is_never_a_stale_build(tmp_path):
    text = '#include "value.cuh"\nextern "C" __global__ void kernel(int* y) { *y = VALUE_HERE; }'
    for value in 1, 2:
        (tmp_path / "value.cuh").write_text(f"constexpr int VALUE_HERE = {value};\n")
        assert filled(SimModule(text, include_dirs=(tmp_path,)), "kernel") == value


def test_a_kernels_own_order_comes_before_that_of_the_context():
    kernel = SimModule('extern "C" __global__ void last(int* y) { *y = threadIdx.x; }').get_function("last")
    y = np.zeros(1, "int32")

    def last():
        kernel((1,), (32,), (y,))
        return y[0]

    with scheduled("reverse"):
        assert last() == 0
        kernel.order = "forward"
        assert last() == 31
        kernel.order = None
        assert last() == 0
        with scheduled("forward"):
            assert last() == 31


def test_two_kernels_of_a_module_and_two_modules_do_not_meet():
    first, second = SimModule(TEXT, ("-DVALUE=1",)), SimModule(TEXT, ("-DVALUE=2",))
    assert [filled(module, "fill<int>") for module in (first, second, first)] == [1, 2, 1]


def test_each_instance_has_shared_memory_of_its_own():
    text = """
    template <class T> __device__ T halved(T v) {
        __shared__ T s[32];
        s[threadIdx.x] = v / 2;
        __syncthreads();
        return s[31 - threadIdx.x];
    }
    extern "C" __global__ void both(double* y) {
        y[threadIdx.x] = halved(double(threadIdx.x)) + halved(int(threadIdx.x));
    }"""
    y = np.zeros(32)
    SimModule(text).get_function("both")((1,), (32,), (y,))
    back = np.arange(32)[::-1]
    assert np.array_equal(y, back / 2 + back // 2)


def test_a_line_is_found_after_another_process_has_replaced_the_build():
    kernel = SimModule('extern "C" __global__ void kernel(int* y) {\n  y[1000000] = 1;\n}').get_function("kernel")
    copy = kernel.path.with_suffix(".copy")
    copy.write_bytes(kernel.path.read_bytes())
    copy.replace(kernel.path)
    with pytest.raises(SimError, match=r"at line 2 of kernel.cu"):
        kernel((1,), (1,), (np.zeros(1, "int32"),))


def test_a_text_that_does_not_compile_is_shown_with_its_line():
    with pytest.raises(BuildError, match=r"refuses the kernel:\n(.*\n)*kernel.cu:2:.*nonsense"):
        SimModule('extern "C" __global__ void kernel(int* y) {\n  nonsense;\n}')


def test_the_samples_are_two_builds():
    assert samples.module("good") is samples.module("good")
    assert samples.module("good").path != samples.module("planted").path
