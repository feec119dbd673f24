"""output_size: the first window is not counted: the + 1 is missing."""


def output_size(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride
