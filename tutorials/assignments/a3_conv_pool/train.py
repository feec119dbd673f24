"""Train a network with your convolution and your pooling: python train.py"""

import conv

from minigrad import classroom, nn
from minigrad.classroom import practice


def main():
    mine = classroom.numpy_op("conv2d", conv.conv2d, conv.conv2d_backward, count=3)
    pool = classroom.numpy_op("max_pool2d", conv.max_pool2d, conv.max_pool2d_backward, count=1)

    def conv2d(x, weight, bias, stride, padding, *_):
        return mine(x, weight, bias, stride[0], padding[0])

    def max_pool2d(x, kernel_size, *_, **__):
        return pool(x, kernel_size)

    with classroom.use("conv2d", conv2d), classroom.use("max_pool2d", max_pool2d):
        model = nn.Sequential(
            nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(256, 10),
        )  # fmt: skip
        return practice.train(model)


if __name__ == "__main__":
    main()
