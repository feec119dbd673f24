"""Every operation there is: one family per file, and in each op its forward line and one rule per input."""

from .activation import *
from .adaptive_pool import *
from .along_axis import *
from .arithmetic import *
from .attention import *
from .avg_pool import *
from .axes import *
from .batch_norm import *
from .classification_loss import *
from .compare import *
from .convert import *
from .convolution import *
from .counting import *
from .creation import *
from .ctc import *
from .decomposition import *
from .dropout import *
from .einsum import *
from .elementary import *
from .embedding import *
from .error_function import *
from .extreme import *
from .gate import *
from .index import *
from .inplace import *
from .join import *
from .layer_norm import *
from .linear import *
from .matmul import *
from .matrix_norm import *
from .norm import *
from .order import *
from .padding import *
from .pick import *
from .pixel_shuffle import *
from .places import *
from .pool import *
from .position import *
from .probability_loss import *
from .ranking_loss import *
from .recurrent import *
from .recurrent_cell import *
from .reduce import *
from .regression_loss import *
from .repetition import *
from .resize import *
from .reversal import *
from .rounding import *
from .sample import *
from .scan import *
from .select import *
from .shape import *
from .similarity import *
from .slices import *
from .softmax import *
from .statistics import *
from .triangle import *
from .trigonometry import *
from .unit_norm import *
from .unpool import *
from .window import *

# These names are modules as well; what `ops` means by them is the op.
from .batch_norm import batch_norm  # isort: skip
from .dropout import dropout  # isort: skip
from .einsum import einsum  # isort: skip
from .embedding import embedding  # isort: skip
from .layer_norm import layer_norm  # isort: skip
from .linear import linear  # isort: skip
from .matmul import matmul  # isort: skip
from .matrix_norm import matrix_norm  # isort: skip
from .norm import norm  # isort: skip
from .pixel_shuffle import pixel_shuffle  # isort: skip
from .softmax import softmax  # isort: skip
