"""output_size: the padding is added at one end only."""


def output_size(size, kernel, stride, padding):
    return (size + padding - kernel) // stride + 1
