import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError, RangeError
from minigrad.text.vocabulary import Vocabulary, checked_text, id_list


def test_tokens_and_ids_are_each_others_inverse():
    vocabulary = Vocabulary(["c", "a", "b"])
    assert vocabulary.ids("abc") == [1, 2, 0]
    assert [vocabulary.token(i) for i in (1, 2, 0)] == ["a", "b", "c"]
    assert len(vocabulary) == 3 and "a" in vocabulary and "d" not in vocabulary and 3 not in vocabulary


def test_the_unknown_token_stands_in():
    assert Vocabulary(["a", "?"], unknown="?").ids("aba") == [0, 1, 0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Vocabulary(["a", "b", "a"]), ArgumentError, "the token 'a' occurs twice"),
        (lambda: Vocabulary(["a", 1]), ArgumentError, "tokens are strings, 1 is a int"),
        (lambda: Vocabulary(["a"], unknown="b"), ArgumentError, "the unknown token 'b' is not one of the tokens"),
        (lambda: Vocabulary(["a"]).id("b"), ArgumentError, "the token 'b' is none of the 1\nHint: build the vocabulary from all"),
        (lambda: Vocabulary(["a"]).token(1), RangeError, "there is no token 1, ids run from 0 to 0"),
        (lambda: Vocabulary(["a"]).token(-1), RangeError, "there is no token -1"),
        (lambda: id_list("decode", [1.5]), ArgumentError, r"decode: ids are whole numbers along one axis, got float64 \(1,\)"),
        (lambda: id_list("decode", [[1], [2]]), ArgumentError, r"got int64 \(2, 1\)"),
        (lambda: id_list("decode", ["a"]), ArgumentError, "ids are whole numbers"),
        (lambda: checked_text("encode", b"a"), ArgumentError, r"should be a string, it is a bytes\nHint: text.decode\(\)"),
        (lambda: checked_text("encode", None), ArgumentError, "should be a string, it is a NoneType$"),
        (lambda: checked_text("encode", "ab\ud800"), ArgumentError, "character 2 of the text is half of a surrogate pair"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_ids_come_as_lists_arrays_or_tensors():
    for ids in ([3, 1], (3, 1), np.array([3, 1], np.uint8), minigrad.tensor([3, 1])):
        assert id_list("decode", ids) == [3, 1]
    assert id_list("decode", []) == []
