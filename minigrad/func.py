"""Derivatives as functions of functions: grad, vjp, jvp, Jacobians, Hessians, and products with them.

All of them compose, and a function may close over the variables of an outer transform: grad(grad(f)) is f''. Names
and arguments are those of torch.func. A result carries a history only if something outside the transform needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import autograd, ops
from .errors import GradientError, ShapeError
from .grad_mode import enable_grad, is_grad_enabled
from .tensor import Tensor

Function = Callable[..., Any]


def grad_and_value(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """Return a function that gives (gradient, value) of the scalar func(*args).

    The gradient is taken by argument number `argnums`, or by each of several. With `has_aux`, func returns
    (scalar, aux), and the result is (gradient, (value, aux)).
    """

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        xs, result = _run("grad", func, args, argnums, kwargs)
        y, aux = result if has_aux else (result, None)
        if not isinstance(y, Tensor) or y.array.size != 1:
            got = y.shape if isinstance(y, Tensor) else type(y).__name__
            raise GradientError(f"grad: the function must return one number, got {got}\nHint: use jacobian or vjp")
        gradients = _pull([y], xs, [ops.ones_like(y)], own=xs)
        value = _strip(y, xs)
        return _as_asked(gradients, argnums), ((value, aux) if has_aux else value)

    return differentiated


def value_and_grad(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """Return a function that gives (value, gradient) of the scalar func(*args). See `grad_and_value`."""
    turned = grad_and_value(func, argnums, has_aux)
    return lambda *args, **kwargs: turned(*args, **kwargs)[::-1]


def grad(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """Return the gradient of a scalar function, as a function; with `has_aux`, it gives (gradient, aux).

    >>> from minigrad import tensor
    >>> grad(grad(lambda x: x**3))(tensor(2.0))
    tensor(12.)
    """
    turned = grad_and_value(func, argnums, has_aux)

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        gradient, value = turned(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return differentiated


def vjp(func: Function, *primals: Any) -> tuple[Any, Function]:
    """Return func(*primals) and the function v -> vᵀJ, which gives one gradient per primal.

    For several outputs it takes one cotangent for each.
    """
    xs, result = _run("vjp", func, primals, tuple(range(len(primals))), {})
    ys = _several(result)

    def pull(*cotangents: Any) -> Any:
        vs = [ops.as_tensor(v) for v in (_several(cotangents[0]) if len(cotangents) == 1 else cotangents)]
        _check_shapes("vjp", "cotangent", vs, ys)
        pulled = _pull(ys, xs, vs, own=xs)
        return pulled[0] if len(primals) == 1 else tuple(pulled)

    return _as_asked([_strip(y, xs) for y in ys], result), pull


def jvp(func: Function, primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Return func(*primals) and J t, the derivative along the tangents t.

    vᵀJ is linear in v, and its derivative by v along t is J t: forward mode out of two reverse passes.
    """
    arguments, ts = _several(primals), [ops.as_tensor(t) for t in _several(tangents)]
    xs, result = _run("jvp", func, arguments, tuple(range(len(arguments))), {})
    _check_shapes("jvp", "tangent", ts, xs)
    ys = _several(result)
    vs = [ops.zeros_like(y).requires_grad_() for y in ys]
    pulled = _pull(ys, xs, vs, own=[*xs, *vs], create_graph=True)
    pushed = _pull(pulled, vs, ts, own=[*xs, *vs])
    return _as_asked([_strip(y, xs) for y in ys], result), _as_asked(pushed, result)


def hvp(func: Function, primals: Any, tangents: Any) -> tuple[Tensor, Any]:
    """Return the scalar func(*primals) and H t, the Hessian times the tangents, at the cost of a few gradients.

    Source  Pearlmutter, "Fast exact multiplication by the Hessian", 1994
    """
    arguments, ts = _several(primals), [ops.as_tensor(t) for t in _several(tangents)]
    xs, y = _run("hvp", func, arguments, tuple(range(len(arguments))), {})
    _check_shapes("hvp", "tangent", ts, xs)
    gradients = _pull([y], xs, [ops.ones_like(y)], own=xs, create_graph=True)
    return _strip(y, xs), _as_asked(_pull(gradients, xs, ts, own=xs), primals)


def jacobian(func: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """Return a function that gives dy_i/dx_j for y = func(*args): shape (*y.shape, *x.shape), one row per pass.

    >>> from minigrad import tensor
    >>> jacobian(lambda x: x * x)(tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        xs, y = _run("jacobian", func, args, argnums, kwargs)
        if not isinstance(y, Tensor):
            raise GradientError(f"jacobian: the function must return one tensor, got {type(y).__name__}")
        rows = [_pull([y], xs, [_one_hot(y, i)], own=xs) for i in range(y.numel())]
        blocks = [
            ops.stack([row[k] for row in rows]).reshape(*y.shape, *x.shape) if rows
            else ops.zeros(*y.shape, *x.shape, dtype=x.dtype)
            for k, x in enumerate(xs)
        ]  # fmt: skip
        return _as_asked(blocks, argnums)

    return differentiated


def hessian(func: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """Return a function that gives d²y/dx_i dx_j for a scalar y = func(*args): the Jacobian of the gradient."""
    if isinstance(argnums, int):
        return jacobian(grad(func, argnums), argnums)
    each = [jacobian(grad(func, n), argnums) for n in argnums]
    return lambda *args, **kwargs: tuple(block(*args, **kwargs) for block in each)


def _run(
    name: str, func: Function, args: Sequence[Any], argnums: int | tuple[int, ...], kwargs: dict[str, Any]
) -> tuple[list[Tensor], Any]:
    """Call `func` with fresh variables for the arguments in `argnums`; return the variables and the result."""
    wanted = _several(argnums)
    for n in wanted:
        if not -len(args) <= n < len(args):
            raise GradientError(f"{name}: there is no argument {n}, {len(args)} were given")
    numbers = [n % len(args) for n in wanted]
    with enable_grad():
        variables = {n: _variable(name, args[n]) for n in numbers}
        result = func(*(variables.get(i, a) for i, a in enumerate(args)), **kwargs)
    return [variables[n] for n in numbers], result


def _variable(name: str, x: Any) -> Tensor:
    """Return `x` as a variable of its own: derivatives are taken by this, not by what `x` was made from."""
    x = ops.as_tensor(x)
    if not x.is_floating_point():
        raise GradientError(f"{name}: derivatives are by floating tensors, got {x.dtype}\nHint: convert with .float()")
    if x.tracked:
        return autograd.record("variable", x.array, (x, lambda dy, _: dy))
    leaf: Tensor = x.detach().requires_grad_()
    return leaf


def _pull(
    ys: Sequence[Tensor], xs: Sequence[Tensor], dys: Sequence[Tensor], own: Sequence[Tensor], create_graph: bool = False
) -> list[Tensor]:
    """Return the gradients of `xs`, zeros where nothing depends on them; `own` are the variables of this transform."""
    live = [(y, dy) for y, dy in zip(ys, dys, strict=True) if y.tracked]
    if not live:
        return [ops.zeros_like(x) for x in xs]
    outer = is_grad_enabled() and _leads_outside([*(y for y, _ in live), *(dy for _, dy in live)], own)
    found = autograd.grad(
        [y for y, _ in live], xs, [dy for _, dy in live],
        retain_graph=True, create_graph=create_graph or outer, allow_unused=True,
    )  # fmt: skip
    return [ops.zeros_like(x) if g is None else g for g, x in zip(found, xs, strict=True)]


def _leads_outside(ys: Sequence[Tensor], own: Sequence[Tensor]) -> bool:
    """Say whether the history of `ys` reaches a leaf that is not one of `own`, or one of `own` has a history."""
    if any(x.edges for x in own):
        return True
    seen, stack = {id(x) for x in own}, list(ys)
    while stack:
        y = stack.pop()
        if id(y) not in seen:
            seen.add(id(y))
            if y.tracked and not y.edges:
                return True
            stack.extend(x for x, _ in y.edges)
    return False


def _strip(y: Tensor, own: Sequence[Tensor]) -> Tensor:
    """Return `y` without the history that leads only to `own`."""
    return y if is_grad_enabled() and _leads_outside([y], own) else y.detach()


def _several(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def _as_asked(results: Sequence[Any], asked: Any) -> Any:
    """Return a tuple if several were asked for, else the only one."""
    return tuple(results) if isinstance(asked, (tuple, list)) else results[0]


def _one_hot(y: Tensor, i: int) -> Tensor:
    return ops.put_add(y.new_ones(1), [i], (y.numel(),)).reshape(y.shape)


def _check_shapes(name: str, role: str, given: Sequence[Tensor], expected: Sequence[Tensor]) -> None:
    shapes = [v.shape for v in given], [x.shape for x in expected]
    if shapes[0] != shapes[1]:
        raise ShapeError(f"{name}: each {role} needs the shape of its partner: got {shapes[0]} for {shapes[1]}")
