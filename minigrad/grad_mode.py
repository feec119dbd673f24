"""Whether this thread records what it computes: no_grad, enable_grad, inference_mode."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ContextDecorator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .autograd import Edge
    from .dtypes import Dtype
    from .tensor import Tensor


class Watcher(Protocol):
    """Something that looks on while the tape is written and read: anomaly mode, tracing."""

    def made(self, y: Tensor, inputs: Sequence[Edge]) -> None:
        """`y` has been computed from `inputs`."""

    def passed(self, y: Tensor, dx: Tensor) -> None:
        """A rule of `y` has returned `dx`."""


class _Mode(threading.local):
    """What one thread does with the ops it runs."""

    recording = True
    inference = False
    watcher: Watcher | None = None
    autocast: Dtype | None = None  # the type of factors of products, if it is not their own


mode = _Mode()


class grad_mode(ContextDecorator):
    """Set what is recorded inside a block or a decorated function. Per thread, and one object may be re-entered."""

    def __init__(self, recording: bool, inference: bool = False) -> None:
        self.recording, self.inference = recording, inference
        self.before: list[tuple[bool, bool]] = []

    def _recreate_cm(self) -> grad_mode:
        return grad_mode(self.recording, self.inference)  # a decorated function may run in several threads at once

    def __enter__(self) -> None:
        self.before.append((mode.recording, mode.inference))
        mode.inference = mode.inference or self.inference
        mode.recording = self.recording and not mode.inference

    def __exit__(self, *_: object) -> None:
        mode.recording, mode.inference = self.before.pop()


def no_grad() -> grad_mode:
    """Compute without recording: results need no gradient and keep nothing alive."""
    return grad_mode(False)


def enable_grad() -> grad_mode:
    """Record again, inside a `no_grad` block."""
    return grad_mode(True)


def set_grad_enabled(mode: bool) -> grad_mode:
    """Record or not, as `mode` says."""
    return grad_mode(mode)


def inference_mode() -> grad_mode:
    """As `no_grad`, and an `enable_grad` inside it has no effect."""
    return grad_mode(False, inference=True)


def is_grad_enabled() -> bool:
    """Say whether this thread records."""
    return mode.recording
