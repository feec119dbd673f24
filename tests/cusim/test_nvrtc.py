"""What only the compiler of the GPU sees: names that it does not know, registers, spills, local and shared memory."""

from pathlib import Path

import pytest

import minigrad_kernels
from tests.cusim.errors import BuildError
from tests.cusim.nvrtc import ARCHITECTURES, NvrtcError, Resources, compile_check, faults, resources, skip_without_nvrtc
from tests.cusim.samples import text

KERNEL = 'extern "C" __global__ void __launch_bounds__(256) kernel(const float* x, float* y, int n) {{ {} }}'
INDEXED = """float v[64] = {};
for (int i = 0; i < n; i++) v[int(x[i]) & 63] += x[i];
for (int i = 0; i < n; i++) y[i] = v[i & 63];"""
MANY = """float v[96], s = 0.0f;
for (int r = 0; r < n; r++) {
#pragma unroll
  for (int i = 0; i < 96; i++) v[i] = v[i] * x[i + r] + x[r];
}
#pragma unroll
for (int i = 0; i < 96; i++) s += v[i] * x[i];
y[threadIdx.x] = s;"""
REVERSED = """float v[80];
#pragma unroll
for (int i = 0; i < 80; i++) v[i] = x[i * n];
__syncthreads();
#pragma unroll
for (int i = 0; i < 80; i++) y[i * n] = v[79 - i];"""


def check(body, arch="sm_90", kernel=KERNEL):
    (found,) = compile_check(kernel.replace("{{ {} }}", f"{{ {body} }}"), arch)
    return found


@pytest.fixture
def folder_of_the_header():
    return Path(minigrad_kernels.__file__).parent / "cuda"


@skip_without_nvrtc
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_good_kernels_compile_and_fit(arch, folder_of_the_header):
    kernels = {kernel.kernel: kernel for kernel in compile_check(text("good"), arch, [folder_of_the_header])}
    assert {"scale<float>", "softmax<64>", "softmax<128>", "total", "product<F16>"} <= set(kernels)
    assert not [found for kernel in kernels.values() for found in faults(kernel)]
    assert kernels["softmax<128>"].threads == 128 and kernels["transpose"].shared == 16 * 17 * 4


@skip_without_nvrtc
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("y[0] = INFINITY;", 'identifier "INFINITY" is undefined'),
        ("y[0] = NAN;", 'identifier "NAN" is undefined'),
        ("uint32_t i = 0;", 'identifier "uint32_t" is undefined'),
        ("y[0] = max(1.0f, n);", "more than one instance of overloaded function"),
    ],
)
def test_what_the_device_does_not_know_is_refused_with_the_log(statement, message):
    with pytest.raises(NvrtcError, match=message):
        check(statement)


@skip_without_nvrtc
def test_a_standard_header_is_refused():
    with pytest.raises(BuildError, match="<cmath>"):
        compile_check("#include <cmath>\n" + KERNEL, "sm_90")


@skip_without_nvrtc
def test_an_instance_of_a_kernel_that_is_not_there_is_refused():
    with pytest.raises(NvrtcError, match="nothing"):
        compile_check("// INSTANCE: nothing<3>\n" + KERNEL, "sm_90")
    with pytest.raises(NvrtcError, match="the text has no kernel"):
        compile_check("__device__ float f() { return 1.0f; }", "sm_90")


@skip_without_nvrtc
def test_an_array_that_is_indexed_at_run_time_lies_in_local_memory():
    kernel = check(INDEXED)
    assert kernel.stack == 256
    assert faults(kernel) == ["has 256 bytes of local memory: an array that is indexed at run time?"]


@skip_without_nvrtc
def test_static_shared_memory_has_a_limit():
    with pytest.raises(NvrtcError, match="49156 bytes smem"):
        check("__shared__ float s[48 * 256 + 1]; s[n] = x[n]; __syncthreads(); y[n] = s[n + 1];")


@skip_without_nvrtc
def test_too_many_registers_for_the_bound_are_spilled():
    kernel = check(MANY, kernel=KERNEL.replace("256", "1024"))
    assert kernel.spilled and faults(kernel)[0] == f"spills {kernel.spilled} bytes of registers"


@skip_without_nvrtc
def test_a_kernel_without_launch_bounds_counts_as_one_of_1024_threads():
    kernel = check(REVERSED, kernel=KERNEL.replace("__launch_bounds__(256) ", ""))
    assert kernel.threads == 1024
    assert faults(kernel) == [f"needs {kernel.registers} registers in each of 1024 threads: state __launch_bounds__"]
    assert faults(check(REVERSED)) == []


def test_a_report_is_read():
    log = """ptxas info    : Compiling entry function '_Z1kILi4EEvPf' for 'sm_90'
ptxas info    : Function properties for _Z1kILi4EEvPf
ptxas         .     8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 8 bytes cumulative stack size, 50000 bytes smem
"""
    ptx = ".visible .entry _Z1kILi4EEvPf(\n.param .u64 .ptr .align 1 p[8]\n)\n.maxntid 128, 2, 1\n{"
    (kernel,) = resources(log, ptx, {"_Z1kILi4EEvPf": "k<4>"})
    assert kernel == Resources("k<4>", registers=40, shared=50000, spilled=16, stack=8, threads=256)
    assert faults(kernel) == [
        "spills 16 bytes of registers",
        "has 50000 bytes of static shared memory, 49152 are allowed",
    ]
