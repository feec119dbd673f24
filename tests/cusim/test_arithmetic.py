"""The device's functions under their CUDA names, against NumPy and Python integers."""

import math

import numpy as np
import pytest

from tests.cusim.errors import BuildError
from tests.cusim.samples import normal
from tests.cusim.simulator import SimModule, skip_without_compiler

pytestmark = skip_without_compiler
M32 = 2**32 - 1

FLOATS = {
    "__expf(x)": np.exp,
    "__logf(fabsf(x))": lambda x: np.log(np.abs(x)),
    "__log2f(fabsf(x))": lambda x: np.log2(np.abs(x)),
    "__sinf(x)": np.sin,
    "__cosf(x)": np.cos,
    "rsqrtf(fabsf(x))": lambda x: np.abs(x) ** -0.5,
    "__frcp_rn(x)": lambda x: 1 / x,
    "__fdividef(x, 3.0f)": lambda x: x / 3,
    "__fmaf_rn(x, x, 1.0f)": lambda x: x * x + 1,
    "__saturatef(x)": lambda x: np.clip(x, 0, 1),
    "__powf(fabsf(x), 2.5f)": lambda x: np.abs(x) ** 2.5,
    "exp2f(x)": np.exp2,
    "max(x, 0.5f)": lambda x: np.maximum(x, 0.5),
    "erff(x)": np.vectorize(math.erf),
    "normcdff(x)": np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2))),
    "sinpif(x)": lambda x: np.sin(np.pi * x),
    "cospif(x)": lambda x: np.cos(np.pi * x),
    "__float2int_rn(8 * x)": lambda x: np.rint(8 * x),
    "__float2int_rz(8 * x)": lambda x: np.trunc(8 * x),
    "__float2int_rd(8 * x)": lambda x: np.floor(8 * x),
    "__ldg(p + i)": lambda x: x,
    "__int_as_float(__float_as_int(x))": lambda x: x,
    "__uint_as_float(__float_as_uint(x) & 0x7fffffffu)": np.abs,
}
INTEGERS = {
    "__popc(x)": lambda x: bin(x).count("1"),
    "__clz(x)": lambda x: 32 - x.bit_length(),
    "__ffs(x)": lambda x: (x & -x).bit_length(),
    "__brev(x)": lambda x: int(f"{x:032b}"[::-1], 2),
    "__umulhi(x, 0xdeadbeefu)": lambda x: x * 0xDEADBEEF >> 32,
    "__mulhi((int)x, -7)": lambda x: ((x - ((x & 2**31) << 1)) * -7 >> 32) & M32,
    "__funnelshift_l(x, ~x, 5)": lambda x: ((~x & M32) << 37 | x << 5) >> 32 & M32,
    "__funnelshift_r(x, ~x, 5)": lambda x: ((~x & M32) << 32 | x) >> 5 & M32,
    "min(x, 77u)": lambda x: min(x, 77),
    "(unsigned)(__umul64hi(x * 0x100000001ull, 0x123456789abcdefull))": lambda x: (
        (x * 0x100000001 * 0x123456789ABCDEF >> 64) & M32
    ),
}


def function(kind, name, number, formula):
    return (
        f'extern "C" __global__ void {name}{number}(const {kind}* p, {kind}* y) '
        f"{{ const int i = threadIdx.x; const {kind} x = p[i]; y[i] = {formula}; }}\n"
    )


@pytest.fixture(scope="module")
def functions():
    text = [function("float", "f", number, formula) for number, formula in enumerate(FLOATS)]
    return SimModule(
        "".join(text + [function("unsigned", "u", number, formula) for number, formula in enumerate(INTEGERS)])
    )


@pytest.mark.parametrize("formula", FLOATS)
def test_a_function_of_floats(functions, formula):
    x, y = normal(64), np.zeros(64, "float32")
    functions.get_function(f"f{list(FLOATS).index(formula)}")((1,), (64,), (x, y))
    np.testing.assert_allclose(y, FLOATS[formula](x.astype("float64")), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("formula", INTEGERS)
def test_a_function_of_integers(functions, formula):
    x = np.random.default_rng(0).integers(0, 2**32, 64, dtype="uint32")
    x[:4] = 0, 1, 2**31, M32
    y = np.zeros(64, "uint32")
    functions.get_function(f"u{list(INTEGERS).index(formula)}")((1,), (64,), (x, y))
    assert y.tolist() == [INTEGERS[formula](value) for value in x.tolist()]


def test_subnormal_numbers_are_flushed_during_a_launch_only(functions):
    x, y = np.full(64, 1e-39, "float32"), np.ones(64, "float32")
    functions.get_function(f"f{list(FLOATS).index('__fmaf_rn(x, x, 1.0f)')}")((1,), (64,), (x, y))
    functions.get_function(f"f{list(FLOATS).index('__fdividef(x, 3.0f)')}")((1,), (64,), (x, y))
    assert not y.any() and x[0] / 3 > 0


ATOMICS = r"""
extern "C" __global__ void atomics(int* i, unsigned* u, float* f, double* d, unsigned long long* l, int* old) {
  const int t = threadIdx.x;
  old[t] = atomicAdd(&i[0], t + 1);
  atomicSub(&i[1], t);
  atomicMax(&i[2], t * 37 % 64);
  atomicMin(&i[3], -(t * 37 % 64));
  atomicExch(&i[4], 7);
  atomicCAS(&i[5], t, t + 1);
  atomicAnd(&u[0], ~(1u << t % 32));
  atomicOr(&u[1], 1u << t % 16);
  atomicXor(&u[2], 1u << t % 32);
  atomicInc(&u[3], 9);
  atomicDec(&u[4], 9);
  atomicAdd(&f[0], 0.5f);
  atomicAdd(&d[0], 0.25);
  atomicAdd(&l[0], 1ull << 32);
}
"""


def test_atomics():
    i, u, old = np.zeros(6, "int32"), np.array([M32, 0, 0, 0, 0], "uint32"), np.zeros(64, "int32")
    f, d, wide = np.zeros(1, "float32"), np.zeros(1, "float64"), np.zeros(1, "uint64")
    kernel = SimModule(ATOMICS).get_function("atomics")
    kernel.order = "forward"
    kernel((1,), (64,), (i, u, f, d, wide, old))
    assert i.tolist() == [64 * 65 // 2, -64 * 63 // 2, 63, -63, 7, 64]
    assert u.tolist() == [0, 0xFFFF, 0, 64 % 10, -64 % 10]
    assert (f[0], d[0], int(wide[0])) == (32.0, 16.0, 64 << 32)
    assert old.tolist() == [t * (t + 1) // 2 for t in range(64)]


@pytest.mark.parametrize(
    "statement",
    [
        "y[0] = INFINITY;",
        "y[0] = NAN;",
        "y[0] = M_PI;",
        "y[0] = std::max(1.0f, 2.0f);",
        "y[0] = max(1.0f, 2);",
        "uint32_t n = 1;",
        "uint n = 1;",
    ],
)
def test_what_the_device_does_not_know_does_not_compile_here(statement):
    with pytest.raises(BuildError, match="refuses the kernel"):
        SimModule(f'extern "C" __global__ void kernel(float* y) {{ {statement} }}')


def test_a_standard_header_is_refused():
    with pytest.raises(
        BuildError, match=r"kernel.cu: line 2 includes <cmath>: the compiler of the GPU has no standard"
    ):
        SimModule("// a kernel\n#include <cmath>\n")
