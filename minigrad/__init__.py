"""minigrad: a deep-learning framework to read."""

# ruff: isort: skip_file
from .tensor import Tensor  # first: the function `tensor` below takes the name of the module
from . import amp, cuda, data, func, io, linalg, memory, nn, ops, optim
from .amp import GradScaler, autocast
from .anomaly import detect_anomaly
from .autograd import backward, grad, record
from .backend import get_float32_matmul_precision, get_num_threads, kernels
from .backend import set_float32_matmul_precision, set_num_threads
from .checkpoint import checkpoint
from .dtypes import bool_, float16, float32, float64, int8, int16, int32, int64, uint8
from .dtypes import get_default_dtype, set_default_dtype
from .explain import explain  # the function takes the name of its package, which `from minigrad.explain` still finds
from .grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from .io import load, save
from .ops import *
from .random import Generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
