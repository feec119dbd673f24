"""BERT: a Transformer that reads a text from both sides, trained by guessing words that were hidden.

Devlin et al., "BERT: pre-training of deep bidirectional transformers for language understanding", arXiv:1810.04805.

    x ← LN(word(token) + place(position) + side(segment))
    x ← encoder(x)                                        L layers, post-norm, GELU
    hidden words    decoder(LN(gelu(W x)))                the decoder is the table of words again
    sentence pair   does B follow A?  W tanh(W' x_cls)

See checkpoints.py for the weights of others.  B sequences, T tokens, M width, V words.
"""

from __future__ import annotations

from typing import Any

from .. import nn, ops
from ..errors import ArgumentError, ShapeError
from ..nn import functional as F
from ..tensor import Tensor

EPS = 1e-12  # of every LayerNorm


class BERT(nn.Module):
    """The encoder: a vector for each token, and one for the text.

    Shapes   tokens (B, T), token_types (B, T) of 0 and 1, attention_mask (B, T), 1 or True where there is a token and
             no padding  ->  vectors (B, T, M), pooled (B, M): tanh of a map of the first vector
    Initial  matrices normal, standard deviation 0.02; biases 0
    """

    def __init__(
        self, vocab_size: int = 30522, context: int = 512, layers: int = 12, heads: int = 12, width: int = 768,
        hidden: int = 3072, dropout: float = 0.1, token_types: int = 2,
    ) -> None:  # fmt: skip
        super().__init__()
        if width % heads:
            raise ArgumentError(f"BERT: heads = {heads} must divide width = {width}")
        self.context = context
        self.words = nn.Embedding(vocab_size, width)
        self.positions = nn.LearnedEncoding(context, width)
        self.segments = nn.Embedding(token_types, width)
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.drop = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(width, heads, hidden, dropout, "gelu", EPS, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.pooler = nn.Linear(width, width)
        self.apply(initialize)

    def forward(
        self, tokens: Tensor, token_types: Tensor | None = None, attention_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the vectors and the pooled vector."""
        if tokens.ndim != 2 or not 1 <= tokens.shape[1] <= self.context:
            raise ShapeError(
                f"BERT: needs tokens (B, T) with T from 1 to {self.context}, got {tokens.shape}\nHint: cut the text"
            )
        segment = ops.zeros_like(tokens) if token_types is None else token_types
        x = self.drop(self.norm(self.positions(self.words(tokens) + self.segments(segment))))
        hidden = None if attention_mask is None else attention_mask == 0
        x = self.encoder(x, src_key_padding_mask=hidden)
        return x, ops.tanh(self.pooler(x[:, 0]))


class BERTForPretraining(nn.Module):
    """BERT with its two heads.

    Shapes  as BERT  ->  scores of the words (B, T, V), scores of "B follows A" and "it does not" (B, 2)
    """

    def __init__(self, bert: BERT) -> None:
        super().__init__()
        vocab_size, width = bert.words.weight.shape
        self.bert = bert
        self.transform = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.bias = nn.Parameter(ops.zeros(vocab_size))
        self.follows = nn.Linear(width, 2)
        self.transform.apply(initialize)
        self.follows.apply(initialize)

    def forward(self, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Return the scores of the words and of the pair; the arguments are those of BERT."""
        x, pooled = self.bert(*args, **kwargs)
        words = F.linear(self.norm(F.gelu(self.transform(x))), self.bert.words.weight, self.bias)
        return words, self.follows(pooled)


class SentenceEncoder(nn.Module):
    """One vector per text, such that texts of like meaning have a large cosine: the mean of BERT's vectors.

    Shapes  tokens (B, T), attention_mask (B, T)  ->  (B, M), of length 1 if `normalize`
    Source  Reimers and Gurevych, "Sentence-BERT", arXiv:1908.10084, section 3
    """

    def __init__(self, bert: BERT, normalize: bool = True) -> None:
        super().__init__()
        self.bert, self.normalize = bert, normalize

    def forward(self, tokens: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return the mean of the vectors of the tokens that are no padding."""
        x: Tensor = self.bert(tokens, None, attention_mask)[0]
        shown = (ops.ones_like(tokens) if attention_mask is None else attention_mask).to(x.dtype).unsqueeze(-1)
        y = (x * shown).sum(1) / shown.sum(1).clamp(min=1)
        return F.normalize(y, dim=-1) if self.normalize else y


def initialize(module: nn.Module) -> None:
    """Draw the weights of one module as BERT does."""
    if isinstance(module, (nn.Linear, nn.Embedding, nn.LearnedEncoding)):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.MultiheadAttention) and module.in_proj_weight is not None:
        nn.init.normal_(module.in_proj_weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
