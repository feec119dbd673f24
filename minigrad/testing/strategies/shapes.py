"""Shapes, alone and in groups that fit together.

All sides of one example come from a pool of at most two sizes. So squares are common, where a forgotten transpose or
a wrong axis goes unnoticed by shape, and so are unequal sides, where it shows. A test needs both.
"""

from __future__ import annotations

from ..optional import st

Shape = tuple[int, ...]

VECTORS = ((False, False), (False, True), (True, False), (True, True), (False, False))  # which operands of @ are


def pools(max_side: int, min_side: int = 1) -> st.SearchStrategy[list[int]]:
    """Draw the one or two sizes that the sides of an example have."""
    return st.lists(st.integers(min_side, max_side), min_size=1, max_size=2)


@st.composite
def shapes(draw: st.DrawFn, min_dims: int = 0, max_dims: int = 3, max_side: int = 3, min_side: int = 1) -> Shape:
    """Draw a shape; its sides are of at most two sizes. With min_side=0 axes may be empty."""
    pool = draw(pools(max_side, min_side))
    return tuple(draw(st.sampled_from(pool)) for _ in range(draw(st.integers(min_dims, max_dims))))


@st.composite
def broadcastable(
    draw: st.DrawFn, n: int = 2, max_dims: int = 3, max_side: int = 3, min_side: int = 1
) -> tuple[Shape, ...]:
    """Draw n shapes that NumPy broadcasts together.

    The shape of the result comes first, then how the operands relate to it:

    equal       all have it
    trailing    some leave out leading axes, as a bias does
    crossed     each axis belongs to one operand and is 1 in the others, as in an outer product
    free        every operand leaves out axes and sets axes to 1 as it likes
    """
    result = draw(shapes(0, max_dims, max_side, min_side))
    pattern = draw(st.sampled_from(("equal", "trailing", "crossed", "free")))
    if pattern == "equal":
        return (result,) * n
    if pattern == "crossed":
        owners = [draw(st.integers(0, n - 1)) for _ in result]
        return tuple(tuple(s if k == i else 1 for s, k in zip(result, owners, strict=True)) for i in range(n))
    operands = [result[draw(st.integers(0, len(result))) :] for _ in range(n)]
    if pattern == "free":
        return tuple(tuple(1 if draw(st.booleans()) else side for side in shape) for shape in operands)
    return (result, *operands[1:]) if draw(st.booleans()) else (*operands[1:], result)


@st.composite
def matmul_shapes(draw: st.DrawFn, max_batch_dims: int = 2, max_side: int = 3) -> tuple[Shape, Shape]:
    """Draw the shapes of two operands of `@`: vectors, matrices, and batches of matrices that broadcast.

    Shapes    (..., m, k) or (k,)  and  (..., k, n) or (k,)
    """
    pool = draw(pools(max_side))
    m, k, n = (draw(st.sampled_from(pool)) for _ in range(3))
    left, right = draw(broadcastable(2, max_batch_dims, max_side))
    flat = draw(st.sampled_from(VECTORS))
    return (k,) if flat[0] else (*left, m, k), (k,) if flat[1] else (*right, k, n)
