"""Every operation there is: one family per file, and in each op its forward line and one rule per input."""

from . import arithmetic, compare, convert, creation, index, inplace, linalg, reduce, select, shape
from .arithmetic import *
from .compare import *
from .convert import *
from .creation import *
from .index import *
from .inplace import *
from .linalg import *
from .reduce import *
from .select import *
from .shape import *

__all__ = [
    *arithmetic.__all__,
    *compare.__all__,
    *convert.__all__,
    *creation.__all__,
    *index.__all__,
    *inplace.__all__,
    *linalg.__all__,
    *reduce.__all__,
    *select.__all__,
    *shape.__all__,
]
