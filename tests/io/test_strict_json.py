import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import FileFormatError
from minigrad.io.strict_json import MAX_DIGITS, nesting_depth, parse

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


def depth_of(value):
    """The definition: how many containers lie around the innermost one, itself included."""
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(values, st.booleans())
def test_valid_json_means_what_the_standard_parser_says(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert parse("test", text, max_depth=100) == value


@given(values)
def test_the_depth_is_counted_without_parsing(value):
    text = json.dumps(value, ensure_ascii=False).encode()
    assert nesting_depth(text) == depth_of(value)
    if depth_of(value):
        with pytest.raises(FileFormatError, match=f"nest {depth_of(value)} deep"):
            parse("test", text, max_depth=depth_of(value) - 1)


@given(st.binary(max_size=60) | st.text('[]{}",:\\0e-1 ', max_size=40).map(str.encode))
def test_any_bytes_give_a_value_or_an_error_of_ours(text):
    try:
        parse("test", text, max_depth=10)
    except FileFormatError as error:
        assert str(error).startswith("test: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' is given twice"),
        (b'[{"a": 1, "\\u0061": 3}]', "the key 'a' is given twice"),
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[1e999]", "the number '1e999' is too large"),
        (b'"\xff"', "byte 1 is not valid UTF-8"),
        (b'{"a": }', "not valid JSON at character 6"),
        (b"\xef\xbb\xbf{}", "not valid JSON at character 0"),
        (b"", "not valid JSON at character 0"),
        (b"{} {}", "not valid JSON at character 3"),
        (b"9" * (MAX_DIGITS + 1), f"a number has {MAX_DIGITS + 1} digits"),
        (b"[" * 10**6, "brackets nest 1000000 deep, 10 are allowed"),
        (b'{"a":' * 10**5 + b"1" + b"}" * 10**5, "brackets nest 100000 deep"),
    ],
)
def test_refusals_say_what_and_where(text, message):
    with pytest.raises(FileFormatError) as caught:
        parse("test", text, max_depth=10)
    assert str(caught.value).startswith(f"test: {message}")


@pytest.mark.parametrize(
    ("text", "depth"),
    [(rb'{"a\\": [1]}', 2), (rb'{"a\"[[": [1]}', 2), (rb'["\\\"[", []]', 2), (b'"[[["', 0), (b"[]{}[[]]", 2)],
)
def test_brackets_count_only_outside_strings(text, depth):
    assert nesting_depth(text) == depth


def test_the_longest_number_is_read():
    for sign in (1, -1):
        longest = sign * (10**MAX_DIGITS - 1)
        assert parse("test", b"%d" % longest, max_depth=1) == longest
