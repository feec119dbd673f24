import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data import load
from minigrad.errors import ArgumentError, FileFormatError, RangeError
from minigrad.text import load_tokenizer
from minigrad.text.bpe import BYTE_TO_CHARACTER, BytePairTokenizer, spell, unspell, unspell_pair

texts = st.text(st.characters(exclude_categories=["Cs"]))
TEXT = "She sells sea shells; the shells she sells are sea shells, I'm sure. Ünïcödé 日本 " * 3


@pytest.fixture(scope="module")
def tokenizer():
    return BytePairTokenizer.train(TEXT, 280, ["<end>", "<pad>"])


@given(texts)
def test_any_text_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(texts)
def test_without_merges_the_tokens_are_the_bytes(text):
    assert BytePairTokenizer([]).encode(text) == list(text.encode())


def test_merges_make_frequent_words_one_token(tokenizer):
    assert [tokenizer.token(i) for i in tokenizer.encode(" shells she")] == [b" shells", b" she"]
    assert len(tokenizer.encode(TEXT)) < len(TEXT) / 2
    assert len(tokenizer) == 280 and tokenizer.special_id("<end>") == 278


def test_a_hand_made_vocabulary_is_followed_merge_by_merge():
    tokenizer = BytePairTokenizer([(b"h", b"e"), (b"l", b"l"), (b"he", b"ll"), (b" ", b"o")])
    assert tokenizer.encode("hello ohe") == [258, ord("o"), 259, 256]
    assert tokenizer.encode("llll") == [257, 257]


def test_two_merges_that_give_the_same_bytes_share_a_token():
    tokenizer = BytePairTokenizer([(b"a", b"b"), (b"b", b"c"), (b"ab", b"c"), (b"a", b"bc")], ["<end>"])
    assert len(tokenizer) == 256 + 3 + 1 and tokenizer.encode("abc") == [258] and tokenizer.special_id("<end>") == 259


def test_merges_never_cross_the_cuts_between_words():
    assert BytePairTokenizer([(b"o", b" ")]).encode("o o") == [ord("o"), ord(" "), ord("o")]


def test_only_short_pieces_are_remembered(tokenizer):
    assert tokenizer.encode("shells " + "x" * 1000) == tokenizer.encode("shells " + "x" * 1000)
    assert "shells" in tokenizer._cache and max(map(len, tokenizer._cache)) < 100


def test_special_tokens_are_never_made_from_a_text(tokenizer):
    assert max(tokenizer.encode("<end><pad>")) < 278
    assert tokenizer.decode([279, *tokenizer.encode("a"), 278]) == "<pad>a<end>"


def test_half_a_character_is_replaced_ignored_or_an_error(tokenizer):
    ids = list("é".encode())[:1]
    assert tokenizer.decode(ids) == "\ufffd" and tokenizer.decode(ids, "ignore") == "" and tokenizer.decode_bytes(ids) == b"\xc3"
    with pytest.raises(ArgumentError, match="decode: byte 0 of the tokens' 1 is not valid UTF-8"):
        tokenizer.decode(ids, "strict")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: t.decode([280]), RangeError, "there is no token 280, the vocabulary has 280"),
        (lambda t: t.decode([-1]), RangeError, "there is no token -1"),
        (lambda t: t.encode("\udc00"), ArgumentError, "half of a surrogate pair"),
        (lambda t: t.encode(3), ArgumentError, "the text should be a string, it is a int"),
        (lambda t: t.special_id("<x>"), ArgumentError, r"'<x>' is none of the special tokens \['<end>', '<pad>'\]"),
        (lambda t: BytePairTokenizer.train("a", 255), ArgumentError, "vocab_size is 255, the bytes and special tokens alone are 256"),
        (lambda t: BytePairTokenizer([(b"ab", b"c")]), ArgumentError, "the merge of b'ab' and b'c' comes before its parts"),
        (lambda t: BytePairTokenizer([(b"a", b"b")], ids={b"a": 0}), ArgumentError, "has a number and no merge, or a merge and no number"),
        (lambda t: BytePairTokenizer([(b"a", b"b"), (b"a", b"b")]), ArgumentError, "occurs twice"),
        (lambda t: BytePairTokenizer([], ["<a>", "<a>"]), ArgumentError, "occurs twice"),
        (lambda t: unspell("☃"), FileFormatError, "'☃' in '☃' stands for no byte"),
        (lambda t: unspell_pair("ab"), FileFormatError, "a merge should be two tokens divided by a space, it is 'ab'"),
        (lambda t: unspell_pair(" b"), FileFormatError, "a merge should be two tokens"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told(tokenizer, call, error, message):
    with pytest.raises(error, match=message):
        call(tokenizer)


def test_the_alphabet_writes_every_byte_in_a_different_visible_way():
    assert sorted(BYTE_TO_CHARACTER) == list(range(256)) and len(set(BYTE_TO_CHARACTER.values())) == 256
    assert not any(character.isspace() for character in BYTE_TO_CHARACTER.values())
    assert spell(b"a b\n\xc3\xa9") == "aĠbĊÃ©" and spell(b"\x00\xad") == "ĀŃ"
    assert unspell(spell(bytes(range(256)))) == bytes(range(256))


def test_a_saved_tokenizer_is_the_same(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "bpe.json")
    found = load_tokenizer(tmp_path / "bpe.json")
    assert (found.merges, found.special_tokens) == (tokenizer.merges, tokenizer.special_tokens)
    assert found.encode(TEXT) == tokenizer.encode(TEXT)


def test_a_kilobyte_of_shakespeare_takes_under_a_third_as_many_tokens():
    text = load("shakespeare").text[100_000:160_000]
    tokenizer = BytePairTokenizer.train(text, 1000)
    assert len(tokenizer.encode(text)) < 0.45 * len(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text
