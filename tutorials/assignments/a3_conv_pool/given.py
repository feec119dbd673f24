"""What assignment 3 gives you: the forward whose backward is asked for without it."""


def avg_pool2d(x, size):
    N, C, H, W = x.shape
    P, Q = H // size, W // size
    return x[:, :, : P * size, : Q * size].reshape(N, C, P, size, Q, size).mean((3, 5))
