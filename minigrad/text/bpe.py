"""Byte-level BPE, the tokenizer of GPT-2: every text has tokens, because every byte is one.

    text       "low lower"
    pretokens  "low"  " lower"                   cuts that merges never cross, see pretokens.py
    bytes      l o w  ␣ l o w e r                UTF-8
    merges     low    ␣low er                    see merges.py

Source: Radford et al., "Language models are unsupervised multitask learners", 2019, section 2.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import add
from typing import Any, ClassVar

from ..errors import ArgumentError, FileFormatError, RangeError
from ..io.files import StrPath, quote
from ..tensor import Tensor
from .merges import apply_merges, learn_merges
from .pretokens import pretokens
from .saving import strings, write_json
from .vocabulary import checked_text, id_list

Pair = tuple[bytes, bytes]
_LONGEST_CACHED = 64  # characters of a piece whose tokens are remembered
_CACHE_SIZE = 2**16


def _alphabet() -> dict[int, str]:
    """Return GPT-2's way to write bytes in JSON: printable ones as themselves, the others from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


BYTE_TO_CHARACTER = _alphabet()
CHARACTER_TO_BYTE = {character: byte for byte, character in BYTE_TO_CHARACTER.items()}


class BytePairTokenizer:
    """Tokens are byte strings: the 256 bytes, one for each merge in order, then the special tokens.

    `merges` are pairs of tokens; two that give the same bytes share a token. `ids`, if given, numbers the tokens in
    another way, as GPT-2's own file does. Special tokens are never made from a text; `special_id` gives their
    numbers.

    >>> tokenizer = BytePairTokenizer.train("low low low lower lower", vocab_size=262, special_tokens=["<end>"])
    >>> [tokenizer.token(i) for i in tokenizer.encode("lower slow")]
    [b'low', b'e', b'r', b' ', b's', b'low']
    >>> tokenizer.decode([*tokenizer.encode("naïve ☃"), tokenizer.special_id("<end>")])
    'naïve ☃<end>'
    """

    def __init__(
        self, merges: Sequence[Pair], special_tokens: Sequence[str] = (), ids: Mapping[bytes, int] | None = None
    ) -> None:
        self.merges, self.special_tokens = list(merges), list(special_tokens)
        for token in self.special_tokens:
            checked_text("BytePairTokenizer", token)
        tokens = dict.fromkeys([*(bytes([byte]) for byte in range(256)), *(left + right for left, right in merges)])
        self._ids = {token: i for i, token in enumerate(tokens)} if ids is None else dict(ids)
        first = max(self._ids.values()) + 1
        self._special = {token: first + i for i, token in enumerate(self.special_tokens)}
        self._tokens = {i: token for token, i in self._ids.items()}
        self._tokens |= {i: token.encode() for token, i in self._special.items()}
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._cache: dict[str, list[int]] = {}
        self._check(set(tokens))

    def _check(self, tokens: set[bytes]) -> None:
        known = {bytes([byte]) for byte in range(256)}
        for left, right in self.merges:
            if left not in known or right not in known:
                raise ArgumentError(f"BytePairTokenizer: the merge of {left!r} and {right!r} comes before its parts")
            known.add(left + right)
        if tokens != self._ids.keys():
            odd = quote(min(tokens ^ self._ids.keys()))
            raise ArgumentError(f"BytePairTokenizer: {odd} has a number and no merge, or a merge and no number")
        if len(self._tokens) != len(self._ids) + len(self.special_tokens) or len(self._ranks) != len(self.merges):
            raise ArgumentError("BytePairTokenizer: a merge, a special token or a number occurs twice")

    @classmethod
    def train(cls, text: str, vocab_size: int, special_tokens: Sequence[str] = ()) -> BytePairTokenizer:
        """Learn the merges of a text, as many as `vocab_size` has room for.

        It ends early when no pair occurs twice.
        """
        n = vocab_size - 256 - len(special_tokens)
        if n < 0:
            raise ArgumentError(
                f"BytePairTokenizer.train: vocab_size is {vocab_size}, the bytes and special tokens alone are "
                f"{256 + len(special_tokens)}"
            )
        pieces = Counter(pretokens(checked_text("BytePairTokenizer.train", text)))
        words = {tuple(bytes([byte]) for byte in piece.encode()): count for piece, count in pieces.items()}
        return cls(learn_merges(words, n, add), special_tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text; of any text, since every byte is a token.

        Raises    ArgumentError if it is no string that UTF-8 can write
        """
        ids: list[int] = []
        for piece in pretokens(checked_text("encode", text)):
            found = self._cache.get(piece)
            if found is None:
                symbols = [bytes([byte]) for byte in piece.encode()]
                found = [self._ids[token] for token in apply_merges(symbols, self._ranks, add)]
                if len(piece) <= _LONGEST_CACHED and len(self._cache) < _CACHE_SIZE:
                    self._cache[piece] = found
            ids += found
        return ids

    def decode_bytes(self, ids: Sequence[int] | Tensor) -> bytes:
        """Return the bytes of ids.

        Raises    RangeError for an id that is not in the vocabulary
        """
        return b"".join(map(self.token, id_list("decode", ids)))

    def decode(self, ids: Sequence[int] | Tensor, errors: str = "replace") -> str:
        """Return the text of ids; bytes that are not UTF-8, as half a character is, become U+FFFD.

        With `errors` "strict" they are an ArgumentError, with "ignore" they are left out.
        """
        data = self.decode_bytes(ids)
        try:
            return data.decode("utf-8", errors)
        except UnicodeDecodeError as error:
            raise ArgumentError(f"decode: byte {error.start} of the tokens' {len(data)} is not valid UTF-8") from error

    def token(self, id: int) -> bytes:
        """Return the bytes of one token."""
        if id not in self._tokens:
            raise RangeError(f"decode: there is no token {quote(id)}, the vocabulary has {len(self)}")
        return self._tokens[id]

    def special_id(self, token: str) -> int:
        """Return the number of a special token."""
        if token not in self._special:
            raise ArgumentError(f"special_id: {quote(token)} is none of the special tokens {self.special_tokens}")
        return self._special[token]

    def save(self, path: StrPath) -> None:
        """Write the tokenizer as JSON, bytes in GPT-2's alphabet; `load_tokenizer` reads it.

        A numbering of the tokens other than that of the merges is not kept.
        """
        pairs = [f"{spell(left)} {spell(right)}" for left, right in self.merges]
        write_json(path, "bpe", {"merges": pairs, "special_tokens": self.special_tokens})

    FIELDS: ClassVar[dict[str, type]] = {"merges": list, "special_tokens": list}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> BytePairTokenizer:
        """Make the tokenizer that a file describes."""
        merges = [unspell_pair(line) for line in strings("load_tokenizer: merges", fields["merges"])]
        return cls(merges, fields["special_tokens"])


def spell(token: bytes) -> str:
    """Write a token in GPT-2's alphabet.

    >>> spell(b" low")
    'Ġlow'
    """
    return "".join(BYTE_TO_CHARACTER[byte] for byte in token)


def unspell(word: str) -> bytes:
    """Read a token that is written in GPT-2's alphabet.

    Raises    FileFormatError
    """
    try:
        return bytes(CHARACTER_TO_BYTE[character] for character in word)
    except KeyError as error:
        raise FileFormatError(f"BPE: {quote(error.args[0])} in {quote(word)} stands for no byte") from error


def unspell_pair(line: str) -> Pair:
    """Read one merge, two tokens divided by a space."""
    left, space, right = line.partition(" ")
    if not left or not space or not right:
        raise FileFormatError(f"BPE: a merge should be two tokens divided by a space, it is {quote(line)}")
    return unspell(left), unspell(right)
