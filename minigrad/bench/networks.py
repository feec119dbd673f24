"""The networks of the training steps, each as a function of the library.

Their classes inherit from the library's Module, which no type checker can know: hence the silenced checks.
"""

from __future__ import annotations

from typing import Any

from .workload import Library


def MLP(lib: Library) -> Any:
    """Two linear layers."""
    nn = lib.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def LeNet(lib: Library) -> Any:
    """LeNet-5 on 28×28 pixels."""
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def CNN(lib: Library) -> Any:
    """The network of `minigrad train`."""
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def ResNet20(lib: Library) -> Any:
    """Three stages of three residual blocks, 16, 32 and 64 channels."""
    nn = lib.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, C: int, K: int, stride: int) -> None:
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(C, K, 3, stride, 1, bias=False), nn.BatchNorm2d(K)
            self.conv2, self.bn2 = nn.Conv2d(K, K, 3, 1, 1, bias=False), nn.BatchNorm2d(K)
            wider = nn.Sequential(nn.Conv2d(C, K, 1, stride, bias=False), nn.BatchNorm2d(K))
            self.skip = wider if stride > 1 or C != K else nn.Identity()
            self.relu = nn.ReLU()

        def forward(self, x: Any) -> Any:
            y = self.relu(self.bn1(self.conv1(x)))
            return self.relu(self.bn2(self.conv2(y)) + self.skip(x))

    layers = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    for C, K, stride in (16, 16, 1), (16, 32, 2), (32, 64, 2):
        layers += [Block(C, K, stride), Block(K, K, 1), Block(K, K, 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def GPT(lib: Library, V: int = 96, M: int = 128, A: int = 4, context: int = 64, depth: int = 4) -> Any:
    """Blocks of causal attention and a feed-forward layer, normalised first, between embedding and scores."""
    nn, F = lib.nn, lib.nn.functional

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(M), nn.LayerNorm(M)
            self.qkv, self.out = nn.Linear(M, 3 * M), nn.Linear(M, M)
            self.mlp = nn.Sequential(nn.Linear(M, 4 * M), nn.GELU(), nn.Linear(4 * M, M))

        def forward(self, x: Any) -> Any:
            B, T, _ = x.shape
            q, k, v = self.qkv(self.norm1(x)).reshape(B, T, 3, A, M // A).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(B, T, M))
            return x + self.mlp(self.norm2(x))

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.token, self.place = nn.Embedding(V, M), nn.Embedding(context, M)
            self.blocks = nn.Sequential(*(Block() for _ in range(depth)))
            self.norm, self.scores = nn.LayerNorm(M), nn.Linear(M, V)

        def forward(self, tokens: Any) -> Any:
            x = self.token(tokens) + self.place(lib.arange(tokens.shape[1]))
            return self.scores(self.norm(self.blocks(x))).flatten(0, 1)

    return Model()


def LSTMLanguageModel(lib: Library, V: int = 96, M: int = 256) -> Any:
    """An LSTM between embedding and scores."""
    nn = lib.nn

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.token, self.lstm, self.scores = nn.Embedding(V, M), nn.LSTM(M, M, batch_first=True), nn.Linear(M, V)

        def forward(self, tokens: Any) -> Any:
            return self.scores(self.lstm(self.token(tokens))[0]).flatten(0, 1)

    return Model()
