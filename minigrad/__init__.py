"""minigrad: a deep-learning framework to read."""

# ruff: isort: skip_file
from .tensor import Tensor  # first: the function `tensor` below takes the name of the module
from . import ops
from .autograd import backward, grad, record
from .backend import kernels
from .dtypes import float32, float64
from .grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from .ops import *
from .random import Generator, manual_seed
