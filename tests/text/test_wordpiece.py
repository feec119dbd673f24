import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data import load
from minigrad.errors import ArgumentError, FileFormatError, RangeError
from minigrad.text import load_tokenizer
from minigrad.text.basic import basic_tokens
from minigrad.text.wordpiece import SPECIAL, WordPieceTokenizer

HAND_MADE = [*SPECIAL, "un", "una", "##aff", "##affable", "##able", "##a", "the", "to", "##y", "!", "a"]


@pytest.fixture(scope="module")
def tokenizer():
    return WordPieceTokenizer(HAND_MADE)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("unaffable", ["una", "[UNK]"]), ("unaff", ["[UNK]"]), ("una able", ["una", "a"]), ("toy to the", ["to", "##y", "to", "the"]),
        ("aaa!", ["a", "##a", "##a", "!"]), ("", []), (" \n", []), ("theaffable", ["the", "##affable"]), ("a" * 101, ["[UNK]"]),
    ],
)  # fmt: skip
def test_the_longest_piece_comes_first_and_there_is_no_way_back(tokenizer, text, pieces):
    expected = ["[UNK]"] if text == "unaffable" else ["una", "[UNK]"] if text == "una able" else pieces
    assert tokenizer.tokens(text) == expected


def test_special_tokens_frame_one_text_or_two(tokenizer):
    the, to, y = tokenizer.vocabulary.ids(["the", "to", "##y"])
    assert tokenizer.encode("the toy") == [2, the, to, y, 3]
    assert tokenizer.encode("the", "toy") == [2, the, 3, to, y, 3]
    assert tokenizer.encode("") == [2, 3]
    assert tokenizer.special_ids == [0, 1, 2, 3, 4] and tokenizer.mask_id == 4


def test_a_long_text_is_cut_at_its_end_the_longer_part_first(tokenizer):
    the, to, y = tokenizer.vocabulary.ids(["the", "to", "##y"])
    assert tokenizer.encode("the toy", max_length=4) == [2, the, to, 3]
    assert tokenizer.encode("the toy the toy", "toy", max_length=7) == [2, the, to, 3, to, y, 3]
    assert tokenizer.encode("the", "toy", max_length=3) == [2, 3, 3]
    with pytest.raises(ArgumentError, match="max_length is 2, the special tokens alone are 3"):
        tokenizer.encode("the", "toy", max_length=2)


def test_words_come_back_divided_by_spaces(tokenizer):
    assert tokenizer.decode(tokenizer.encode("the toy!")) == "[CLS] the toy ! [SEP]"
    assert tokenizer.decode(tokenizer.encode("the toy!"), skip_special_tokens=True) == "the toy !"


@given(st.text("abcdef !", max_size=40))
def test_a_trained_tokenizer_brings_back_the_words_of_its_alphabet(text):
    tokenizer = WordPieceTokenizer.train("fabced abcdef fade bead cafe! face " * 3 + "a b c d e f", 60)
    known = " ".join(basic_tokens(text))
    if "[UNK]" not in tokenizer.tokens(text):
        assert tokenizer.decode(tokenizer.encode(text), skip_special_tokens=True) == known


def test_training_gives_frequent_words_a_piece_of_their_own():
    tokenizer = WordPieceTokenizer.train(load("shakespeare").text[10_000:60_000], 600)
    assert len(tokenizer) == 600 and tokenizer.vocabulary.tokens[:5] == list(SPECIAL)
    assert tokenizer.tokens("The king and my lord") == ["the", "king", "and", "my", "lord"]
    assert "[UNK]" not in tokenizer.tokens("Thou art unfathomable")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: WordPieceTokenizer(["[PAD]", "a"]), ArgumentError, r"the vocabulary has no \[UNK\], \[CLS\], \[SEP\], \[MASK\]"),
        (lambda t: WordPieceTokenizer.train("abc", 7), ArgumentError, "vocab_size is 7, the characters and special tokens alone are 8"),
        (lambda t: t.decode([99]), RangeError, "there is no token 99"),
        (lambda t: t.encode(None), ArgumentError, "the text should be a string"),
        (lambda t: t.encode("\ud800"), ArgumentError, "half of a surrogate pair"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told(tokenizer, call, error, message):
    with pytest.raises(error, match=message):
        call(tokenizer)


def test_a_vocabulary_file_has_a_token_a_line(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(HAND_MADE) + "\n", encoding="utf-8")
    assert WordPieceTokenizer.from_vocab(path).vocabulary.tokens == HAND_MADE
    for content, message in ((b"a\n\xff", "byte 2 is not valid UTF-8"), (b"a\nb", r"has no \[PAD\]"), (b"a\na", "occurs twice")):
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match=message):
            WordPieceTokenizer.from_vocab(path)


def test_a_saved_tokenizer_is_the_same(tmp_path):
    WordPieceTokenizer(HAND_MADE, lowercase=False).save(tmp_path / "w.json")
    found = load_tokenizer(tmp_path / "w.json")
    assert found.vocabulary.tokens == HAND_MADE and found.lowercase is False
