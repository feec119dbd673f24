"""GPT-2's first cut of a text: into words with the space before them, numbers, punctuation, and runs of spaces.

    "I'll pay 500 ducats!"  ->  "I" "'ll" " pay" " 500" " ducats" "!"

Merges never cross these cuts. The rule is a regular expression over classes of characters that Python's `re` does not
have (\\p{L}, \\p{N}). So the text is first translated into classes, one letter each, and the expression matched there:

    class       L letter    N number    S white space    O other
    themselves  the space, the apostrophe, and the letters of 's 't 're 've 'm 'll 'd

    text     I ' l l   p a y   5 0 0 !
    shadow   L ' l l   L L L   N N N O

Source: Radford et al., "Language models are unsupervised multitask learners", 2019; the pattern in their code.
"""

from __future__ import annotations

import re
import unicodedata

_CONTRACTIONS = "'(?:s|t|re|ve|m|ll|d)"
_LETTER, _OTHER, _SPACE = "[Lstrevmld]", "[O']", "[S ]"
_CUT = re.compile(f"{_CONTRACTIONS}| ?{_LETTER}+| ?N+| ?{_OTHER}+|{_SPACE}+(?![^S ])|{_SPACE}+")
_NOT_WHITE = set("\x1c\x1d\x1e\x1f")  # Python's isspace counts these separators, Unicode's White_Space does not


class _Shadow(dict[int, str]):
    """The class of each character that a text has had so far."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)[0]
        if kind in "LN":
            found = kind
        else:
            found = "S" if character.isspace() and character not in _NOT_WHITE else "O"
        self[code] = found
        return found


_shadow = _Shadow({ord(character): character for character in " 'strevmld"})


def pretokens(text: str) -> list[str]:
    """Cut a text into the pieces that byte-level BPE then splits one by one.

    >>> pretokens("I'll pay 500  ducats!")
    ['I', "'ll", ' pay', ' 500', ' ', ' ducats', '!']
    """
    return [text[cut.start() : cut.end()] for cut in _CUT.finditer(text.translate(_shadow))]
