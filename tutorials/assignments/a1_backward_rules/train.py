"""Train a network whose backward rules are yours: python train.py"""

import given
import ops

from minigrad import classroom, nn
from minigrad.classroom import practice


def main():
    linear = classroom.numpy_op("linear", given.linear, ops.linear_backward)
    relu = classroom.numpy_op("relu", given.relu, ops.relu_backward)
    with classroom.use("linear", linear), classroom.use("relu", relu):
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
        return practice.train(model)


if __name__ == "__main__":
    main()
