"""How a kernel is started: for all of a range at once, or for parts of it on several threads.

Every kernel here ends with the parameters start and stop. What it computes for a number between them does not depend on
where they lie, so results do not depend on the number of threads.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .threads import split

WORTHWHILE = 2**18  # elements; below, a second thread costs more than it saves


def launch(size: int, count: int, kernel: Any, *args: Any) -> None:
    """Run kernel(*args, start, stop) for range(count); on several threads if the elements, `size`, are many."""
    if size <= WORTHWHILE:
        kernel(*args, 0, count)
    else:
        split(lambda start, stop: partial(kernel, *args, start, stop), count)
