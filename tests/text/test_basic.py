import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.text.basic import basic_tokens

# (text, in lower case, as it is): what the third-party package `tokenizers` 0.23.3 makes of it for BERT
REFERENCE = [
    ("Très bien, O Hamlet!", ["tres", "bien", ",", "o", "hamlet", "!"], ["Très", "bien", ",", "O", "Hamlet", "!"]),
    ("to-be, or NOT_to be?? $5^2 `x` ~y", ["to", "-", "be", ",", "or", "not", "_", "to", "be", "?", "?", "$", "5", "^", "2", "`", "x", "`", "~", "y"], ["to", "-", "be", ",", "or", "NOT", "_", "to", "be", "?", "?", "$", "5", "^", "2", "`", "x", "`", "~", "y"]),
    ("日本語 text中文", ["日", "本", "語", "text", "中", "文"], ["日", "本", "語", "text", "中", "文"]),
    ("a\x00b\ufffdc\u200dd\xade\tf\u3000g", ["abcde", "f", "g"], ["abcde", "f", "g"]),
    ("İstanbul STRASSE ß", ["istanbul", "strasse", "ß"], ["İstanbul", "STRASSE", "ß"]),
    ("“curly” — dash…", ["“", "curly", "”", "—", "dash", "…"], ["“", "curly", "”", "—", "dash", "…"]),
    ("naïve cafe\u0301 ÅNGSTRÖM", ["naive", "cafe", "angstrom"], ["naïve", "cafe\u0301", "ÅNGSTRÖM"]),
    ("  ", [], []), ("x=1;y<2>3|z", ["x", "=", "1", ";", "y", "<", "2", ">", "3", "|", "z"], ["x", "=", "1", ";", "y", "<", "2", ">", "3", "|", "z"]),
    ("한국어 Ελληνικά Ύ й", [unicodedata.normalize("NFD", "한국어"), "ελληνικα", "υ", "и"], ["한국어", "Ελληνικά", "Ύ", "й"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lower", "plain"), REFERENCE)
def test_the_words_are_those_of_bert(text, lower, plain):
    assert basic_tokens(text) == lower
    assert basic_tokens(text, lowercase=False) == plain


@given(st.text())
def test_words_hold_neither_space_nor_control_characters_nor_a_mark_within(text):
    for word in basic_tokens(text):
        assert word and not any(character in " \t\n\r" or unicodedata.category(character)[0] == "C" for character in word)
        assert len(word) == 1 or not any(unicodedata.category(character)[0] == "P" for character in word)
