import json

import pytest

from minigrad.errors import FileFormatError
from minigrad.text.bpe import BYTE_TO_CHARACTER
from minigrad.text.gpt2 import END_OF_TEXT, load_gpt2

BYTES = {character: i for i, character in enumerate(sorted(BYTE_TO_CHARACTER.values()))}
MERGES = "#version: 0.2\nh e\nl l\nhe ll\nĠ o\n"
ENCODER = BYTES | {"he": 256, "ll": 257, "hell": 258, "Ġo": 259, END_OF_TEXT: 260}


@pytest.fixture
def write(tmp_path):
    def both(encoder=ENCODER, merges=MERGES):
        for name, content in (("encoder.json", encoder), ("vocab.bpe", merges)):
            data = json.dumps(content).encode() if isinstance(content, dict) else content
            (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return tmp_path / "encoder.json", tmp_path / "vocab.bpe"

    return both


def test_the_numbers_are_those_of_the_file(write):
    tokenizer = load_gpt2(*write())
    assert tokenizer.encode("hello o") == [258, BYTES["o"], 259]
    assert tokenizer.decode([256, 260, BYTES["Ġ"]]) == "he<|endoftext|> "
    assert len(tokenizer) == 261 and tokenizer.special_id(END_OF_TEXT) == 260


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"encoder": BYTES}, r"should map tokens to the numbers from 0 on, <\|endoftext\|> among them"),
        ({"encoder": ENCODER | {"x": 300}}, "should map tokens to the numbers"),
        ({"encoder": b"[1]"}, "should map tokens to the numbers"), ({"encoder": b"{"}, "not valid JSON"),
        ({"encoder": ENCODER | {END_OF_TEXT: 0, "!": 260}}, "should map|should be the last token"),
        ({"encoder": BYTES | {END_OF_TEXT: 256}}, "do not belong together: .*has a number and no merge, or a merge and no number"),
        ({"merges": "h e\n"}, "do not belong together"), ({"merges": "h\n"}, "a merge should be two tokens"),
        ({"merges": b"\xff"}, "byte 0 is not valid UTF-8"),
        ({"encoder": {k: v for k, v in ENCODER.items() if k != "he"} | {"日": 256}}, "stands for no byte"),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(write, files, message):
    with pytest.raises(FileFormatError, match=message):
        load_gpt2(*write(**files))
