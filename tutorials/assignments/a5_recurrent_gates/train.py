"""Train a network that reads pictures row by row with your gates: python train.py"""

import cells
import given
import numpy as np

from minigrad import classroom, nn, ops
from minigrad.classroom import practice
from minigrad.optim import Adam


def both(a, c):
    return np.concatenate(given.lstm_gates(a, c), axis=1)


def both_backward(dy, a, c):
    return cells.lstm_gates_backward(tuple(np.split(dy, 2, axis=1)), a, c)


class Reader(nn.Module):
    """Reads the rows of a picture from top to bottom, then says what it was."""

    def __init__(self, hidden=48):
        super().__init__()
        self.hidden, self.cell, self.last = hidden, nn.LSTMCell(28, hidden), nn.Linear(hidden, 10)

    def forward(self, x):
        h = c = ops.zeros(x.shape[0], self.hidden)
        for t in range(28):
            h, c = self.cell(x[:, 0, t], (h, c))
        return self.last(h)


def main():
    gates = classroom.numpy_op("lstm_gates", both, both_backward)

    def lstm_cell(x, state, w_ih, w_hh, b_ih, b_hh):
        h, c = state
        y = gates(x @ w_ih.T + h @ w_hh.T + b_ih + b_hh, c)
        return y[:, : h.shape[1]], y[:, h.shape[1] :]

    with classroom.use("lstm_cell", lstm_cell):
        model = Reader()
        return practice.train(model, Adam(model.parameters(), lr=0.005), steps=300)


if __name__ == "__main__":
    main()
