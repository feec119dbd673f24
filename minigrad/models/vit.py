"""ViT: a picture is a text of patches.

Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at scale", arXiv:2010.11929.

    x = [class, patch₁, ..., patch_n] + places       a patch: S×S pixels, mapped linearly: a convolution of stride S
    x ← encoder(x)                                   L layers, pre-norm, GELU
    scores = W LN(x)_class                           the class token has looked at all patches

N images, C channels, H×W pixels, M width, n = (size/S)² patches.
"""

from __future__ import annotations

from .. import nn, ops
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor


class ViT(nn.Module):
    """A Transformer encoder on patches, with a token that asks for the class.

    Shapes   x (N, channels, size, size)  ->  scores (N, classes)
    Initial  class token and places normal, standard deviation 0.02; the head 0: at first all classes are alike

    The defaults are ViT-B/16 for pictures of 224×224 pixels. For digits of 28×28: patch 4 or 7, width 64, 4 layers.
    """

    def __init__(
        self, channels: int = 3, size: int = 224, classes: int = 1000, patch: int = 16, layers: int = 12,
        heads: int = 12, width: int = 768, hidden: int | None = None, dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        if patch < 1 or size % patch:
            raise ArgumentError(f"ViT: patch = {patch} must divide size = {size}")
        self.channels, self.size = channels, size
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.class_token = nn.Parameter(ops.empty(1, 1, width))
        self.positions = nn.LearnedEncoding((size // patch) ** 2 + 1, width)
        self.drop = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            width, heads, hidden or 4 * width, dropout, "gelu", 1e-6, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width, eps=1e-6))
        self.head = nn.Linear(width, classes)
        nn.init.normal_(self.class_token, std=0.02)
        for module in self.encoder.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        if x.shape[1:] != (self.channels, self.size, self.size):
            raise ShapeError(
                f"ViT: needs pictures (N, {self.channels}, {self.size}, {self.size}), got {x.shape}\n"
                "Hint: resize the pictures, or build the model with their size"
            )
        words = self.patches(x).flatten(2).mT
        text = ops.cat([self.class_token.expand(len(x), 1, -1), words], 1)
        y: Tensor = self.head(self.encoder(self.drop(self.positions(text)))[:, 0])
        return y
