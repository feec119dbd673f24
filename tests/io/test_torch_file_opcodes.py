import io
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import FileFormatError
from minigrad.io.torch_file_opcodes import MAX_PICKLE, Name, interpret, is_key
from tests.io.states import same
from tests.io.torch_files import Call, Persistent, Raw, Ref, opcodes, program

leaves = st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats() | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=20,
)


class Echo:
    """Actions that show what the machine hands over."""

    def name(self, name):
        return name

    def call(self, function, arguments):
        return {"called": str(function), "with": arguments}

    def persistent(self, key):
        return ["stored", key]


def run(data):
    stream = io.BytesIO(data)
    value = interpret("here", stream, len(data), Echo())
    return value, data[stream.tell() :]


@given(values, st.sampled_from([2, 3, 4, 5]), st.binary(max_size=3))
def test_a_pickle_of_plain_values_means_what_pickle_says(value, protocol, rest):
    found, left = run(pickle.dumps(value, protocol) + rest)
    assert same(found, value)
    assert left == rest


@given(st.binary(max_size=300), st.sampled_from([3, 4]))
def test_bytes_stay_bytes(value, protocol):
    assert run(pickle.dumps(value, protocol))[0] == value


def test_strings_of_python_2_are_text():
    data = opcodes("abc").replace(b"X\x03\0\0\0", b"U\x03"), opcodes("abc").replace(b"X", b"T")
    assert [run(each + b".")[0] for each in data] == ["abc", "abc"]


def test_calls_names_and_persistent_values_go_to_the_owner():
    tree = [Call(Ref("os", "system"), ("rm",)), Persistent(("storage", 1)), Ref("a.b", "c")]
    assert run(program(tree))[0] == [{"called": "os.system", "with": ("rm",)}, ["stored", ("storage", 1)], Name("a.b", "c")]
    assert run(opcodes("a.b") + opcodes("c") + b"\x93.")[0] == Name("a.b", "c")


def test_the_state_of_an_ordered_dict_is_passed_over():
    assert run(opcodes({"a": 1}) + opcodes({"_metadata": 2}) + b"b.")[0] == {"a": 1}


def test_the_memo_gives_the_same_object_again():
    (first, second), _ = run(b"](]q\x07j\x07\0\0\0e.")
    assert first is second
    assert run(b"](K\x09\x94h\0e.")[0] == [9, 9]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "at byte 0 of the pickle: it should go on for 1 bytes, of which only 0 can be read"),
        (b"N", "at byte 1 of the pickle: it should go on for 1 bytes"), (b".", "a value is missing on the stack"),
        (b"i", "opcode 0x69 is none of those that tensors, containers and numbers need"),
        (b"o", "opcode 0x6f is none"), (b"\x81", "opcode 0x81 is none"), (b"\x8b", "opcode 0x8b is none"),
        (b"I1\n.", "opcode 0x49 is none"), (b"P1\n.", "opcode 0x50 is none"), (b"\x82\1", "opcode 0x82 is none"),
        (b"X\xff\xff\xff\xff", "should go on for 4294967295 bytes, of which only 0 can be read"),
        (b"\x8d" + struct.pack("<Q", 2**63), "should go on for 9223372036854775808 bytes"),
        (b"X\2\0\0\0\xff\xff.", r"the text b'\\xff\\xff' is not valid UTF-8"),
        (b"h\0.", "memo 0 was never set"), (b"q\0", "nothing on the stack to remember"),
        (b"t", "a mark is missing"), (b"NN(\x86.", "a value is missing"),
        (b"}(K\1u.", "a key without a value"), (b"}](K\1u.", "a dict should lie on the stack, it is \\[\\]"),
        (b"NK\1a.", "a list should lie on the stack, it is None"), (b"(Na.", "a list should lie on the stack, it is None"),
        (b"}]K\1s.", r"a dict key is \[\], only strings, numbers and tuples"), (b"}})s.", "a dict key is {}"),
        (b"ca\nb\nK\1R.", "the arguments of a call should be a tuple, they are 1"),
        (b"K\1K\2\x93.", r"a name should be two strings, it is \(1, 2\)"), (b"N}b.", "a dict should lie on the stack, it is None"),
        (b"c" + b"a" * 300 + b"\n", "a name should end with a line break within 200 bytes"), (b"ca", "line break"),
    ],
)  # fmt: skip
def test_what_no_tensor_needs_or_makes_no_sense_is_refused(data, message):
    with pytest.raises(FileFormatError, match=f"^here: .*(?:{message})"):
        run(data)


def test_a_longer_pickle_than_any_model_has_is_refused():
    with pytest.raises(FileFormatError, match=f"it should go on for {MAX_PICKLE} bytes, of which only {MAX_PICKLE - 5} can"):
        interpret("here", io.BytesIO(b"B" + struct.pack("<I", MAX_PICKLE)), 2**40, Echo())


def test_a_dict_key_is_never_a_deep_tuple():
    assert is_key(("a", (1, None)))
    deep = run(b"}" + b")" + b"\x85" * 300_000 + b"q\0.")[0]
    assert not is_key(deep)
    with pytest.raises(FileFormatError, match="a dict key is"):
        run(b"})" + b"\x85" * 300_000 + b"Ns.")


def test_raw_opcodes_pass_through_the_writer():
    assert run(program([Raw(b"K\5")]))[0] == [5]
