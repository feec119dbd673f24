"""Memory for time: forget what a block computed, and compute it again when backward needs it.

Source: Chen et al., "Training deep nets with sublinear memory cost", 2016.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .autograd import Edge, Node, constant
from .errors import InPlaceError
from .grad_mode import enable_grad
from .overwrites import clock
from .random import RngState, default_generator

if TYPE_CHECKING:
    from .tensor import Tensor


class _Replay:
    """The edges of a checkpointed result: to walk them is to run the block again and to go on from its new result."""

    def __init__(
        self, block: Callable[[], Any], which: int | None, inputs: list[Node], random: RngState | None
    ) -> None:
        self.block, self.which, self.inputs, self.random = block, which, inputs, random
        self.order = clock.tick()

    def __iter__(self) -> Iterator[Edge]:
        for x in self.inputs:
            if x.buffer is not None and x.buffer.changed > self.order:
                raise InPlaceError(
                    f"checkpoint: an input of shape {x.array.shape} was overwritten since by {x.buffer.place}, so the "
                    "block cannot be run again\nHint: write to a clone() instead"
                )
        now = default_generator.get_state()
        if self.random is not None:
            default_generator.set_state(self.random)
        with enable_grad():
            again = self.block()
        if self.random is not None:
            default_generator.set_state(now)
        yield (again if self.which is None else again[self.which]), lambda dy, _: dy


def checkpoint(
    function: Callable[..., Any], *args: Any, preserve_rng_state: bool = True, use_reentrant: bool = False,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """Compute function(*args, **kwargs), keeping only its inputs and its result.

    Backward runs the function again, with the same random numbers, to get the values in between. The function must
    return a tensor or a tuple of tensors, and do the same thing each time. `use_reentrant` is accepted for
    compatibility and makes no difference.
    """
    inputs = [x for x in (*args, *kwargs.values()) if isinstance(x, Node)]

    def block() -> Any:
        return function(*args, **kwargs)

    random = default_generator.get_state() if preserve_rng_state else None
    result = block()
    if not isinstance(result, tuple):
        return _forget(result, _Replay(block, None, inputs, random))
    return tuple(_forget(y, _Replay(block, i, inputs, random)) for i, y in enumerate(result))


def _forget(y: Tensor, replay: _Replay) -> Tensor:
    """Return the value of `y` with `replay` in place of its history."""
    light = constant(y.array)
    if y.tracked:
        light.op, light.tracked, light.edges, light.order = "checkpoint", True, replay, clock.tick()
    return light
