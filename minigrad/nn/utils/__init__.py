"""Helpers: the parameters of a model as a whole, and, in `rnn`, sequences of different lengths."""

from ...optim.clip import clip_grad_norm_, clip_grad_value_
from . import rnn
from .parameters import parameters_to_vector, vector_to_parameters

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "rnn", "vector_to_parameters"]
