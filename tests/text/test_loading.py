import json

import pytest

from minigrad.errors import FileFormatError
from minigrad.text.bpe import BytePairTokenizer
from minigrad.text.characters import CharacterTokenizer
from minigrad.text.loading import load_tokenizer
from minigrad.text.wordpiece import SPECIAL, WordPieceTokenizer

TOKENIZERS = [
    CharacterTokenizer("abc ☃", ["<pad>"]),
    BytePairTokenizer.train("aaaa bbbb aaaa", 260, ["<end>"]),
    WordPieceTokenizer([*SPECIAL, "a", "##b"]),
]


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda t: type(t).__name__)
def test_a_file_says_which_tokenizer_it_holds(tmp_path, tokenizer):
    tokenizer.save(tmp_path / "t.json")
    found = load_tokenizer(tmp_path / "t.json")
    assert type(found) is type(tokenizer)
    assert found.encode("ab") == tokenizer.encode("ab")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"kind": "characters", "text": "ab", "special_tokens": ["a"], "unknown": ""}, "the token 'a' occurs twice"),
        ({"kind": "characters", "text": "ab", "special_tokens": [1], "unknown": ""}, "tokens are strings"),
        ({"kind": "characters", "text": "ab", "special_tokens": [], "unknown": "c"}, "unknown token 'c' is not one"),
        ({"kind": "bpe", "merges": ["ab c"], "special_tokens": []}, "comes before its parts"),
        ({"kind": "bpe", "merges": [1], "special_tokens": []}, "merges: should be a list of strings"),
        ({"kind": "bpe", "merges": ["a b", "a b"], "special_tokens": []}, "occurs twice"),
        ({"kind": "bpe", "merges": ["a"], "special_tokens": []}, "two tokens divided by a space"),
        ({"kind": "bpe", "merges": [], "special_tokens": [None]}, "the text should be a string"),
        ({"kind": "bpe", "merges": [], "special_tokens": [[]]}, "the text should be a string"),
        ({"kind": "wordpiece", "tokens": ["a"], "lowercase": True}, r"the vocabulary has no \[PAD\]"),
        ({"kind": "wordpiece", "tokens": [[]], "lowercase": True}, "tokens are strings"),
    ],
)  # fmt: skip
def test_what_makes_no_tokenizer_is_refused(tmp_path, document, message):
    (tmp_path / "t.json").write_text(json.dumps({"version": 1, **document}))
    with pytest.raises(FileFormatError, match=message):
        load_tokenizer(tmp_path / "t.json")
