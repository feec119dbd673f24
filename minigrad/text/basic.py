"""BERT's first cut of a text: words and punctuation marks, in lower case and without accents if so wanted.

    "Très bien, O Hamlet!"  ->  tres  bien  ,  o  hamlet  !

Source: Devlin et al., "BERT: Pre-training of deep bidirectional transformers", 2019; BasicTokenizer in their code.
"""

from __future__ import annotations

import re
import unicodedata

_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class _Spaced(dict[int, str]):
    """What becomes of each character: itself, a space, nothing, or itself between two spaces."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)
        if character in " \t\n\r" or kind == "Zs":
            found = " "
        elif code in (0, 0xFFFD) or kind.startswith("C"):
            found = ""
        elif _is_punctuation(character, kind) or any(first <= code <= last for first, last in _IDEOGRAPHS):
            found = f" {character} "
        else:
            found = character
        self[code] = found
        return found


def _is_punctuation(character: str, kind: str) -> bool:
    """In ASCII everything printable that is no letter, digit or space counts, "$" and "^" too."""
    return kind.startswith("P") or (character.isascii() and character.isprintable() and not character.isalnum())


_spaced = _Spaced()
_MARK = re.compile(r"[^\x00-\u02ff]")  # every combining mark is above U+02FF


def basic_tokens(text: str, lowercase: bool = True) -> list[str]:
    """Cut a text at white space and around punctuation and ideographs; control characters are left out.

    With `lowercase`, letters lose their case and their accents too.

    >>> basic_tokens("Très bien, O Hamlet!")
    ['tres', 'bien', ',', 'o', 'hamlet', '!']
    """
    if lowercase:
        apart = unicodedata.normalize("NFD", text.lower())
        text = _MARK.sub(lambda found: "" if unicodedata.category(found[0]) == "Mn" else found[0], apart)
    return text.translate(_spaced).split()
