"""Errors that say what was asked, what was found, and what to try.

MinigradError                            catch this to catch them all
├── ShapeError (ValueError)              sizes that should agree do not
├── AxisError (IndexError, ValueError)   an axis that the tensor does not have
├── RangeError (IndexError)              an index outside the tensor
├── ArgumentError (ValueError)           an argument outside the values it may take
├── DtypeError (TypeError)               the element type does not allow the operation
├── DeviceError (RuntimeError)           operands on different devices, or a device that is not there
├── OutOfMemoryError (MemoryError)       the GPU has no memory left
├── GradientError (RuntimeError)         backward cannot start, or a rule broke its contract
│   ├── ReleasedGraphError               the graph was freed by an earlier backward
│   ├── InPlaceError                     a value that backward needs was overwritten, or would be
│   ├── LawError                         a function breaks a law that minigrad.testing holds it to
│   └── GradcheckError                   backward disagrees with differences; .report says where, and looks for why
├── AnomalyError (FloatingPointError)    the first NaN or infinity, named by the op that made it
├── StateError (KeyError)                a state dict that does not fit the object it is loaded into
├── FileFormatError (ValueError)         a file that is damaged, hostile or of another format
├── DataError (OSError)                  a data set that cannot be had, or whose checksum is wrong
└── MissingPackageError (ImportError)    an optional package is needed and not installed
"""

from __future__ import annotations

from typing import Any


class MinigradError(Exception):
    """Base of every error raised on purpose."""


class ShapeError(MinigradError, ValueError):
    """Sizes that should agree do not."""


class AxisError(MinigradError, IndexError, ValueError):
    """An axis is outside the range that the tensor has."""


class RangeError(MinigradError, IndexError):
    """An index lies outside the tensor."""


class ArgumentError(MinigradError, ValueError):
    """An argument lies outside the values it may take."""


class DtypeError(MinigradError, TypeError):
    """The element type does not allow the operation."""


class DeviceError(MinigradError, RuntimeError):
    """Operands live on different devices, or the device is not there."""


class OutOfMemoryError(MinigradError, MemoryError):
    """The GPU has no memory left."""


class GradientError(MinigradError, RuntimeError):
    """Backward cannot start here, or a rule broke its contract."""


class ReleasedGraphError(GradientError):
    """The edges were freed by an earlier backward."""


class InPlaceError(GradientError):
    """A value that backward needs was overwritten, or would be."""


class LawError(GradientError):
    """A function breaks a law that `minigrad.testing` holds it to."""


class GradcheckError(GradientError):
    """A gradient check failed. Its message is its report, which is written when it is first shown."""

    @property
    def report(self) -> Any:
        """The GradReport of the check."""
        return self.args[0] if self.args else None


class AnomalyError(MinigradError, FloatingPointError):
    """An op produced a NaN or an infinity while `detect_anomaly` was on."""


class StateError(MinigradError, KeyError):
    """A state dict does not fit the object it is loaded into."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""  # KeyError would print the repr, newlines escaped


class FileFormatError(MinigradError, ValueError):
    """A file is damaged, hostile, or of another format."""


class DataError(MinigradError, OSError):
    """A data set cannot be had, or is not what its checksum says."""


class MissingPackageError(MinigradError, ImportError):
    """An optional package is needed and not installed."""
