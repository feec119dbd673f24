"""Train a network that looks at rows of pictures with your attention and your Adam: python train.py"""

import attend
import numpy as np

from minigrad import classroom, nn
from minigrad.classroom import practice
from minigrad.nn import functional as F


class Attending(nn.Module):
    """The rows of a picture look at one another; the mean of what they see says what it is."""

    def __init__(self, width=48):
        super().__init__()
        self.position = nn.Parameter(nn.Linear(width, 28).weight.detach())
        self.enter, self.qkv, self.last = nn.Linear(28, width), nn.Linear(width, 3 * width), nn.Linear(width, 10)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        x = (self.enter(x[:, 0]) + self.position).relu()
        q, k, v = self.qkv(x).chunk(3, -1)
        x = self.norm(x + F.scaled_dot_product_attention(q, k, v))
        return self.last(x.relu().mean(1))


class Mine:
    """Your Adam, as minigrad's optimizers are used."""

    def __init__(self, parameters, peak, steps):
        self.parameters, self.peak, self.steps, self.t = list(parameters), peak, steps, 0
        self.state = [(np.zeros(p.shape, np.float32), np.zeros(p.shape, np.float32)) for p in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        self.t += 1
        lr = attend.learning_rate(self.t, self.peak, self.steps // 10, self.steps)
        for i, p in enumerate(self.parameters):
            m, v = self.state[i]
            new, m, v = attend.adam_step(p.numpy(), p.grad.numpy(), m, v, self.t, lr, 0.9, 0.99, 1e-8, 0.01)
            p.data, self.state[i] = type(p.detach())(new), (m, v)


def main():
    op = classroom.numpy_op("attention", attend.attention, attend.attention_backward, count=3)
    with classroom.use("scaled_dot_product_attention", lambda q, k, v: op(q, k, v, None)):
        model = Attending()
        return practice.train(model, Mine(model.parameters(), 0.01, 400), steps=400)


if __name__ == "__main__":
    main()
