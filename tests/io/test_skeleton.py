import collections
import enum
import json
import math
import random

import numpy as np
import pytest
from hypothesis import given

from minigrad.errors import ArgumentError, FileFormatError
from minigrad.io.skeleton import MAX_DEPTH, MAX_JSON_DEPTH, pack, unpack
from minigrad.io.strict_json import parse
from minigrad.tensor import Tensor
from tests.io.states import same, states


def rebuilt(state):
    """What comes back when the skeleton has been through JSON, as it is in a file."""
    skeleton, arrays = pack(state)
    return unpack("test", parse("test", json.dumps(skeleton).encode(), MAX_JSON_DEPTH), arrays)


@given(states)
def test_any_nested_state_is_put_together_as_it_was(state):
    assert same(rebuilt(state), state)


def test_the_skeleton_is_plain_json_where_json_suffices():
    assert pack({"a": [1, 2.5, "s", None, True]}) == ({"a": [1, 2.5, "s", None, True]}, {})


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ({"a": {"b": np.array(1)}, "a.b": np.array(2)}, ["a.b", "a.b#2"]),
        ({"a.b": np.array(1), "a.b#2": np.array(2), "a": {"b": np.array(3)}}, ["a.b", "a.b#2", "a.b#3"]),
        ({0: np.array(1), "0": np.array(2)}, ["0", "0#2"]),
        ({"__metadata__": np.array(1)}, ["__metadata__#2"]),
        ({"\ud800": np.array(1)}, ["\\ud800"]),
        (np.array(1), ["tensor"]),
        ({"": {"": np.array(1)}}, ["."]),
    ],
)
def test_names_that_clash_or_are_taken_get_a_number(state, names):
    assert list(pack(state)[1]) == names
    assert same(rebuilt(state), state)


def test_what_comes_back_is_plain():
    class Colour(enum.IntEnum):
        RED = 3

    shared = Tensor([1.0], requires_grad=True)
    state = {
        "a": shared,
        "b": shared,
        "ordered": collections.OrderedDict(x=np.float32(0.5), y=np.int16(2), z=np.bool_(True), s=np.str_("s")),
        "enum": Colour.RED,
        np.int64(5): np.float64("-inf"),
    }
    found = rebuilt(state)
    plain = {"x": 0.5, "y": 2, "z": True, "s": "s"}
    expected = {"a": Tensor([1.0]), "b": Tensor([1.0]), "ordered": plain, "enum": 3, 5: -math.inf}
    assert same(found, expected)
    assert not found["a"].requires_grad


def test_containers_may_nest_deep_but_not_endlessly():
    def nested(levels, wrap):
        value = np.array(1)
        for _ in range(levels):
            value = wrap(value)
        return value

    for wrap in (lambda v: [v], lambda v: (v,), lambda v: {"k": v}, lambda v: {0: v}):
        assert same(rebuilt(nested(MAX_DEPTH, wrap)), nested(MAX_DEPTH, wrap))
        with pytest.raises(ArgumentError, match="nest more than 64 deep; does one of them hold itself"):
            pack(nested(MAX_DEPTH + 1, wrap))
    key = nested(MAX_DEPTH // 2, lambda v: (v,) if isinstance(v, tuple) else ())
    state = nested(MAX_DEPTH // 2, lambda v: {key: v})
    assert same(rebuilt(state), state)


class Model:
    def state_dict(self):
        return {}


loop = []
loop.append(loop)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"model": Model()}, "at 'model': a value of type Model cannot be saved.*\nHint: save its state_dict()"),
        ({"a": [0, {1, 2}]}, "at 'a.1': a value of type set cannot be saved"),
        (b"bytes", "at the top: a value of type bytes cannot be saved"),
        ({"a": 1j}, "at 'a': a value of type complex cannot be saved"),
        ({"a": np.datetime64("2024-01-01")}, "at 'a': a value of type date cannot be saved"),
        ({"a": len}, "at 'a': a value of type builtin_function_or_method cannot be saved"),
        ({frozenset(): 1}, "at the top: a dict key is of type frozenset"),
        ({"a": {(1, b""): 1}}, "at 'a': a dict key is of type tuple"),
        ({"a": {10**5000: 1}}, "at 'a': an integer has more than 1000 digits"),
        ({"a": 10**1000}, "at 'a': an integer has more than 1000 digits"),
        ({"a": loop}, "at 'a.0.0.0.0.0': containers nest more than 64 deep"),
    ],
)
def test_what_cannot_be_saved_is_named(state, message):
    with pytest.raises(ArgumentError, match=f"(?s)save: {message}"):
        pack(state)


@pytest.mark.parametrize(
    ("skeleton", "message"),
    [
        ({"$tensor": "b"}, "the state refers to 'b', which is no entry"),
        ([{"$tensor": "a"}, {"$array": "a"}], "the state refers to 'a', which is no entry, or twice to it"),
        ({"$tensor": 3}, "the state refers to 3, which is no entry"),
        ({}, r"1 entries belong to no part of the state: \['a'\]"),
        ({"$code": "import os"}, "{'\\$code': 'import os'} is not part of a state that minigrad writes"),
        ({"$tensor": "a", "more": 1}, "is not part of a state"),
        ({"$float": "1.5"}, "is not part of a state"),
        ({"$float": []}, "is not part of a state"),
        ({"$tuple": {}}, "is not part of a state"),
        ({"$dict": {}}, "is not part of a state"),
        ({"$dict": [[1, 2], [1]]}, r"should hold \[key, value\] pairs, not \[1\]"),
        ({"$dict": [3]}, r"should hold \[key, value\] pairs, not 3"),
        ({"$dict": [[1, 2], [1, 3]]}, "the dict key 1 is given twice or is no key"),
        ({"$dict": [[[], 2]]}, r"the dict key \[\] is given twice or is no key"),
        ({"$dict": [[{"$tensor": "a"}, 2]]}, "the dict key .* is given twice or is no key"),
        ({"$dict": [[{"$tuple": [[]]}, 2]]}, "the dict key .* is given twice or is no key"),
    ],
)
def test_a_skeleton_that_does_not_fit_its_arrays_is_refused(skeleton, message):
    with pytest.raises(FileFormatError, match=f"^test: .*{message}"):
        unpack("test", skeleton, {"a": np.zeros(2)})


def test_thousands_of_damaged_skeletons_give_an_error_of_ours_or_a_state():
    skeleton, arrays = pack({"a": [1, 2.5, (True, None)], 7: {"b": math.nan}, "w": np.zeros(2), "t": Tensor([1.0])})
    text = json.dumps(skeleton)
    rng = random.Random(7)
    accepted = 0
    for _ in range(3000):
        i, j = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        piece = rng.choice(["", text[i:j], "$", "[", "]", "{}", '"', "9" * 50, "null", "-", "\\", "\ufffd"])
        damaged = text[:i] + piece + text[min(j, i + rng.randrange(4)) :]
        try:
            unpack("test", parse("test", damaged.encode(), MAX_JSON_DEPTH), arrays)
            accepted += 1
        except FileFormatError as error:
            assert str(error).startswith("test: ")
    assert 150 < accepted < 2700
