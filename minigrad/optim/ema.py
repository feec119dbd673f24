"""A running average of the weights, which often generalizes better than the weights themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..autograd import constant
from ..backend import Array, device_of, to_device
from ..errors import ArgumentError, ShapeError, StateError
from ..ops.operands import quiet
from ..overwrites import note_overwrite
from ..tensor import Tensor
from .hyperparameters import FRACTION, check_number
from .optimizer import arrays
from .state import array_of, state_dtype


class ExponentialMovingAverage:
    """Remembers an average of `parameters`. Call `update` after every step of the optimizer.

    Update  a ← d a + (1 - d) θ       d: decay; with use_num_updates min(decay, (1 + t) / (10 + t)) in update t,
                                      so that the first values are soon forgotten
    Source  Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992

    Buffers, such as the running statistics of batch normalization, are not parameters and not averaged.

    >>> from minigrad import tensor
    >>> θ = tensor([0.0], requires_grad=True)
    >>> average = ExponentialMovingAverage([θ], decay=0.5, use_num_updates=False)
    >>> θ.data = tensor([8.0])
    >>> average.update()
    >>> with average.average_parameters():
    ...     θ
    tensor([4.], requires_grad=True)
    >>> θ
    tensor([8.], requires_grad=True)
    """

    def __init__(self, parameters: Iterable[Tensor], decay: float, use_num_updates: bool = True) -> None:
        self.decay = check_number("ExponentialMovingAverage", "decay", decay, FRACTION)
        self.parameters = list(parameters)
        if not self.parameters or not all(isinstance(p, Tensor) for p in self.parameters):
            kinds = ", ".join(sorted({type(p).__name__ for p in self.parameters})) or "nothing"
            raise ArgumentError(
                f"ExponentialMovingAverage: parameters must be tensors, got {kinds}\nHint: pass model.parameters()"
            )
        self.use_num_updates = use_num_updates
        self.num_updates = 0
        self.shadow_params = [constant(p.array.astype(state_dtype(p), copy=True)) for p in self.parameters]

    def update(self) -> None:
        """Move the average towards the parameters as they are now."""
        self.num_updates += 1
        t = self.num_updates
        decay = min(self.decay, (1 + t) / (10 + t)) if self.use_num_updates else self.decay
        for average, p in zip(self.shadow_params, self.parameters, strict=True):
            if average.shape != p.shape:
                raise ShapeError(
                    f"ExponentialMovingAverage: a parameter has shape {p.shape} now, its average {average.shape}"
                )
            a = average.array
            with quiet():
                a += (1 - decay) * (p.array - a)

    def copy_to(self) -> None:
        """Overwrite the parameters with the average, for good."""
        self._write(arrays(self.shadow_params), "ExponentialMovingAverage.copy_to")

    @contextmanager
    def average_parameters(self) -> Iterator[None]:
        """Put the average in place of the parameters inside the block, to evaluate or to save it."""
        before = [p.array.copy() for p in self.parameters]
        self._write(arrays(self.shadow_params), "ExponentialMovingAverage.average_parameters")
        try:
            yield
        finally:
            self._write(before, "the end of ExponentialMovingAverage.average_parameters")

    def _write(self, values: list[Array], place: str) -> None:
        for p, value in zip(self.parameters, values, strict=True):
            p.array[...] = value
            note_overwrite(p, place)

    def state_dict(self) -> dict[str, Any]:
        """Return the average and the number of updates; the arrays are shared."""
        return {"decay": self.decay, "num_updates": self.num_updates, "shadow_params": list(self.shadow_params)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a state over parameters of the same shapes. Nothing is changed unless everything fits."""
        missing = [key for key in ("decay", "num_updates", "shadow_params") if key not in state_dict]
        if missing:
            raise StateError(f"ExponentialMovingAverage: the state has no {', '.join(missing)}")
        loaded = [array_of(x) for x in state_dict["shadow_params"]]
        shapes, own = [tuple(x.shape) for x in loaded], [p.shape for p in self.parameters]
        if shapes != own:
            raise StateError(f"ExponentialMovingAverage: the state has arrays of shapes {shapes}, the parameters {own}")
        self.decay, self.num_updates = float(state_dict["decay"]), int(state_dict["num_updates"])
        self.shadow_params = [
            constant(to_device(x.astype(state_dtype(p), copy=True), device_of(p.array)))
            for x, p in zip(loaded, self.parameters, strict=True)
        ]
