import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import ArgumentError, RangeError
from minigrad.text import load_tokenizer
from minigrad.text.characters import CharacterTokenizer

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_a_text_comes_back(text):
    tokenizer = CharacterTokenizer(text, ["<s>"])
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode(text)) == len(text) and len(tokenizer) == 1 + len(set(text))


def test_special_tokens_come_first_and_are_never_made_from_a_text():
    tokenizer = CharacterTokenizer("<s>a", ["<s>", "</s>"])
    assert tokenizer.vocabulary.tokens == ["<s>", "</s>", "<", ">", "a", "s"]
    assert tokenizer.encode("<s>") == [2, 5, 3]
    assert tokenizer.decode([0, 4, 1]) == "<s>a</s>"
    assert tokenizer.decode([0, 4, 1], skip_special_tokens=True) == "a"


def test_an_unknown_character_is_an_error_or_the_unknown_token():
    with pytest.raises(ArgumentError, match="the token 'c' is none of the 2"):
        CharacterTokenizer("ab").encode("abc")
    assert CharacterTokenizer("ab", ["?"], unknown="?").encode("abc") == [1, 2, 0]
    with pytest.raises(RangeError, match="there is no token 7"):
        CharacterTokenizer("ab").decode([7])


@given(texts, st.booleans())
def test_a_saved_tokenizer_is_the_same(tmp_path_factory, text, unknown):
    path = tmp_path_factory.mktemp("characters") / "t.json"
    tokenizer = CharacterTokenizer(text, ["<pad>"], "<pad>" if unknown else None)
    tokenizer.save(path)
    found = load_tokenizer(path)
    assert found.vocabulary.tokens == tokenizer.vocabulary.tokens
    assert found.vocabulary.unknown == tokenizer.vocabulary.unknown and found.special_tokens == ["<pad>"]
