"""Every operation there is: one family per file, and in each op its forward line and one rule per input."""

from .activation import *
from .arithmetic import *
from .avg_pool import *
from .classification_loss import *
from .compare import *
from .convert import *
from .convolution import *
from .creation import *
from .einsum import *
from .elementary import *
from .error_function import *
from .extreme import *
from .gate import *
from .index import *
from .inplace import *
from .join import *
from .linalg import *
from .linear import *
from .pool import *
from .reduce import *
from .rounding import *
from .select import *
from .shape import *
from .softmax import *
from .trigonometry import *
from .unpool import *

# These names are modules as well; what `ops` means by them is the op.
from .einsum import einsum  # isort: skip
from .linear import linear  # isort: skip
from .softmax import softmax  # isort: skip
