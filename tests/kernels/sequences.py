"""Problems for CTC: log-probabilities, labels, how long each is, and which class is the blank."""

import numpy as np
from hypothesis import strategies as st

from minigrad import Tensor, ops


@st.composite
def problems(draw):
    T, B, V, U = (draw(st.integers(low, most)) for low, most in ((1, 20), (1, 5), (2, 5), (0, 9)))
    blank, rng = draw(st.integers(0, V - 1)), np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = rng.integers(0, V - 1, (B, U))
    labels += labels >= blank
    x = ops.log_softmax(Tensor(3 * rng.normal(size=(T, B, V))), 2).numpy()
    return x, labels, rng.integers(0, T + 1, B).tolist(), rng.integers(0, U + 1, B).tolist(), blank
