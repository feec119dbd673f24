"""The text rules that turn CUDA C into C++."""

import pytest

from tests.cusim.errors import BuildError
from tests.cusim.rewrite import (
    c_names,
    expand,
    kernel_names,
    launch_bounds,
    shared_memory,
    translate,
    widest_struct,
    without_comments,
)


def test_shared_arrays_become_references_and_dynamic_memory_a_pointer():
    lambda_ = "[] {}"
    assert shared_memory("__shared__ float s[2][N + 1];") == f"auto& s = cusim::shared<float[2][N + 1], 1>({lambda_});"
    assert shared_memory("__shared__ __align__(16) float s[4];") == f"auto& s = cusim::shared<float[4], 16>({lambda_});"
    assert (
        shared_memory("__shared__ unsigned long long n;")
        == f"auto& n = cusim::shared<unsigned long long, 1>({lambda_});"
    )
    assert shared_memory("__shared__ Pair<float, 3> p;") == f"auto& p = cusim::shared<Pair<float, 3>, 1>({lambda_});"
    assert (
        shared_memory("extern __shared__ __align__(16) unsigned short s[];")
        == "unsigned short* s = cusim::dynamic_shared<unsigned short>();"
    )


def test_two_declarators_of_a_statement_are_refused():
    with pytest.raises(
        BuildError,
        match=r"line 2 of the expanded text: one declarator per __shared__ statement, not `__shared__ float a, b;`",
    ):
        shared_memory("\n__shared__ float a, b;")


def test_launch_bounds_are_checked_at_the_first_line_of_their_kernel():
    text = "template <int N>\n__global__ void __launch_bounds__(32 * (N / 2), 2) kernel(int (*f)(int),\n int n) {\n}"
    assert launch_bounds(text) == text.replace("n) {", "n) { cusim::check_launch_bounds(32 * (N / 2));")
    before = "__global__ __launch_bounds__(64) void kernel() {}"
    assert launch_bounds(before) == before.replace("() {", "() { cusim::check_launch_bounds(64);")
    for text in "__global__ void kernel() {}", "__global__ void __launch_bounds__(64) kernel();":
        assert launch_bounds(text) == text


def test_comments_go_and_lines_stay():
    text = "a // __shared__ float s, t;\nb /* one\ntwo */ c\n"
    assert without_comments(text) == "a  \n\nb \n c\n".replace("a  \n\n", "a  \n")
    assert translate(text, [])


def test_kernels_are_instances_and_those_that_are_no_templates():
    text = """
// INSTANCE: scale<{float|double}>
template <typename T> __global__ void scale(T* x) {}
__global__ void __launch_bounds__(64) plain() {}
extern "C" __global__ void with_a_c_name() {}
// __global__ void in_a_comment() {}
"""
    assert kernel_names(text) == ["scale<float>", "scale<double>", "plain", "with_a_c_name"]
    assert c_names(text) == {"with_a_c_name"}


def test_the_widest_struct_tells_how_arrays_lie():
    assert widest_struct("struct alignas(128) A {}; struct __align__(32) B {}; struct C {};") == 128
    assert widest_struct("struct C {};") == 16


def places(text):
    """Return the file and the number of each line, as a compiler counts them."""
    found, file, number = {}, "kernel.cu", 1
    for line in text.splitlines():
        if line.startswith("#line"):
            number, file = int(line.split()[1]), line.split('"')[1]
        else:
            found[line] = file, number
            number += 1
    return found


def test_headers_are_expanded_once_and_lines_keep_their_numbers(tmp_path):
    (tmp_path / "a.cuh").write_text('#pragma once\n#include "b.cuh"\nint a;\n')
    (tmp_path / "b.cuh").write_text("#pragma once\nint b;\n")
    text = expand('int x;\n#include "a.cuh"\n#include "b.cuh"\nint y;\n', [tmp_path])
    assert text.count("int b;") == 1
    found = places(text)
    assert (found["int x;"], found["int y;"]) == (("kernel.cu", 1), ("kernel.cu", 4))
    assert (found["int a;"], found["int b;"]) == (("a.cuh", 3), ("b.cuh", 2))


def test_a_header_that_is_nowhere_is_named_with_the_folders(tmp_path):
    with pytest.raises(BuildError, match=f"kernel.cu: no missing.cuh in {tmp_path}"):
        expand('#include "missing.cuh"\n', [tmp_path])
