import pytest

from minigrad_kernels.cuda.text import Parameter, instances_of, parameters_of


def only(text):
    ((name, parameters),) = parameters_of(text).items()
    return name, parameters


@pytest.mark.parametrize(
    ("declaration", "parameter"),
    [
        ("int n", Parameter("n", "int", False)),
        ("const int n", Parameter("n", "int", False)),
        ("unsigned long long seed", Parameter("seed", "unsigned long long", False)),
        ("float* y", Parameter("y", "float", True)),
        ("float *y", Parameter("y", "float", True)),
        ("const float* __restrict__ x", Parameter("x", "float", True)),
        ("const long long* places", Parameter("places", "long long", True)),
        ("unsigned char*winner", Parameter("winner", "unsigned char", True)),
        ("float* const y", Parameter("y", "float", True)),
    ],
)
def test_a_parameter_has_a_name_a_type_and_may_point(declaration, parameter):
    assert only(f"__global__ void k({declaration}) {{}}") == ("k", [parameter])


@pytest.mark.parametrize(
    "head",
    [
        "__global__ void k",
        'extern "C" __global__ void k',
        "template <int T, bool LOGS>\n__global__ void k",
        "__global__ void __launch_bounds__(256) k",
        "__global__ __launch_bounds__(256, 2) void k",
        "__global__ void __launch_bounds__(SIDE * (SIDE + 1)) k",
        "template <int T>\n__global__ void __launch_bounds__(THREADS<T>)\nk",
    ],
)
def test_a_kernel_may_be_declared_in_several_ways(head):
    assert only(f"{head}(\n    float* y,\n    int n) {{ y[0] = n; }}") == ("k", [Parameter("y", "float", True), Parameter("n", "int", False)])


def test_comments_are_not_read():
    text = """
    // __global__ void not_this(int a) {}
    /* __global__ void nor_this(int a) {
    } */
    __global__ void k(float* y,  // one for each row, and more (in brackets)
                      int n /* how many */) {}
    """
    assert only(text) == ("k", [Parameter("y", "float", True), Parameter("n", "int", False)])


def test_functions_of_the_device_are_no_kernels_and_each_kernel_has_its_own_parameters():
    text = """
    __device__ float twice(float x) { return 2 * x; }
    __global__ void one(const float* x, int n) {}
    __global__ void other(double* y) {}
    """
    assert parameters_of(text) == {
        "one": [Parameter("x", "float", True), Parameter("n", "int", False)],
        "other": [Parameter("y", "double", True)],
    }


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("// INSTANCE: softmax", ["softmax"]),
        ("//INSTANCE:  k<32>  ", ["k<32>"]),
        ("// INSTANCE: k<{32|256}>", ["k<32>", "k<256>"]),
        ("// INSTANCE: {a|b}<{1|2}, x>", ["a<1, x>", "a<2, x>", "b<1, x>", "b<2, x>"]),
        ("// INSTANCE: k<{32, 4|256, 8}, {false|true}>", ["k<32, 4, false>", "k<32, 4, true>", "k<256, 8, false>", "k<256, 8, true>"]),
    ],
)
def test_an_instance_stands_for_every_choice_in_braces(line, names):
    assert instances_of(f"int x;\n{line}\nint y;") == names


def test_instances_come_line_by_line_and_only_from_lines_of_their_own():
    assert instances_of("// INSTANCE: a\nint x;  // INSTANCE: b\n// INSTANCES: c\n// INSTANCE: d") == ["a", "d"]
