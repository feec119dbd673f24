"""The opcodes of a pickle that holds tensors, interpreted without Python's pickle module: nothing is ever executed.

A pickle is a program for a machine with one stack. A state dict needs only the opcodes that push a value, collect
values into a dict, list or tuple, and remember a value to push it again (the memo). Two more would be dangerous:

    GLOBAL  pushes the function or class of a given name      here: a `Name`, which is text
    REDUCE  calls what lies on the stack                      here: `Actions.call`, which knows a few names

So a file can ask for any name, and gets an error for all but those that tensors are made of.

    {"w": 3}   80 02 PROTO 2 · 7d EMPTY_DICT · 58 01 00 00 00 77 BINUNICODE "w" · 4b 03 BININT1 3 · 73 SETITEM · 2e STOP

Source: the comments of Lib/pickletools.py in CPython, which define every opcode.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import IO, Any, NamedTuple, NoReturn, Protocol

from ..errors import FileFormatError
from .files import quote

MAX_PICKLE = 32 * 2**20  # bytes: a model of 10,000 tensors has less than 2 MB of them
_LONGEST_NAME = 200


class Name(NamedTuple):
    """A module and an attribute of it, that a pickle refers to; never imported."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}.{self.attribute}"


class Actions(Protocol):
    """What the machine leaves to its owner, because it takes knowledge of tensors."""

    def name(self, name: Name) -> Any:
        """Return the value that a name stands for, or the name itself."""

    def call(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """Return what a call of a known name gives, or refuse."""

    def persistent(self, key: Any) -> Any:
        """Return the storage that lies outside the pickle under `key`."""


def interpret(where: str, stream: IO[bytes], size: int, actions: Actions) -> Any:
    """Run the pickle that begins at the position of `stream`, and leave `stream` behind its last opcode.

    `size` is how many bytes the stream has left: no string is believed to be longer.

    Raises    FileFormatError; `where` opens every message
    """
    machine = _Machine(where, stream, min(size, MAX_PICKLE), actions)
    while (code := machine.read(1)) != b".":
        opcode = _OPCODES.get(code)
        if opcode is None:
            machine.refuse(f"opcode 0x{code.hex()} is none of those that tensors, containers and numbers need")
        opcode(machine)
    return machine.pop()


class _Machine:
    """The stack, the stacks set aside by MARK, and the memo."""

    def __init__(self, where: str, stream: IO[bytes], size: int, actions: Actions) -> None:
        self.where, self.stream, self.size, self.actions = where, stream, size, actions
        self.position = 0
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def refuse(self, why: str) -> NoReturn:
        raise FileFormatError(f"{self.where}: at byte {self.position} of the pickle: {why}")

    def read(self, n: int) -> bytes:
        data = self.stream.read(n) if n <= self.size - self.position else b""
        if len(data) != n:
            self.refuse(f"it should go on for {n} bytes, of which only {self.size - self.position} can be read")
        self.position += n
        return data

    def number(self, n: int, signed: bool = False) -> int:
        return int.from_bytes(self.read(n), "little", signed=signed)

    def double(self) -> float:
        value: float = struct.unpack(">d", self.read(8))[0]
        return value

    def skip(self, n: int) -> None:
        self.read(n)

    def text(self, length_bytes: int) -> str:
        return self.decode(self.read(self.number(length_bytes)))

    def decode(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            self.refuse(f"the text {quote(data)} is not valid UTF-8")

    def line(self) -> str:
        line = self.stream.readline(_LONGEST_NAME)
        self.position += len(line)
        if not line.endswith(b"\n"):
            self.refuse(f"a name should end with a line break within {_LONGEST_NAME} bytes, it is {quote(line)}")
        return self.decode(line[:-1])

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        return self.stack.pop() if self.stack else self.refuse("a value is missing on the stack")

    def top(self, kind: type) -> Any:
        value = self.stack[-1] if self.stack else None
        if type(value) is not kind:
            self.refuse(f"a {kind.__name__} should lie on the stack, it is {quote(value)}")
        return value

    def mark(self) -> None:
        self.marked.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Any]:
        if not self.marked:
            self.refuse("a mark is missing on the stack")
        items, self.stack = self.stack, self.marked.pop()
        return items

    def tuple_of(self, n: int) -> None:
        self.push(tuple([self.pop() for _ in range(n)][::-1]))

    def append(self, items: list[Any]) -> None:
        self.top(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.top(dict)
        if len(items) % 2:
            self.refuse("a dict is given a key without a value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not is_key(key):
                self.refuse(f"a dict key is {quote(key)}, only strings, numbers and tuples of them are read")
            target[key] = value

    def remember(self, index: int) -> None:
        if not self.stack:
            self.refuse("there is nothing on the stack to remember")
        self.memo[index] = self.stack[-1]

    def recall(self, index: int) -> None:
        if index not in self.memo:
            self.refuse(f"memo {index} was never set")
        self.push(self.memo[index])

    def name(self, module: Any, attribute: Any) -> None:
        if not (isinstance(module, str) and isinstance(attribute, str)):
            self.refuse(f"a name should be two strings, it is {quote((module, attribute))}")
        self.push(self.actions.name(Name(module, attribute)))

    def call(self, arguments: Any, function: Any) -> None:
        if type(arguments) is not tuple:
            self.refuse(f"the arguments of a call should be a tuple, they are {quote(arguments)}")
        self.push(self.actions.call(function, arguments))

    def build(self) -> None:
        """Ignore the attributes of an OrderedDict: state dicts carry their layers' version numbers there."""
        self.pop()
        self.top(dict)


def is_key(key: Any, depth: int = 2) -> bool:
    """Say whether a dict may have `key`: hashing a deep tuple would exhaust the C stack."""
    if type(key) is tuple:
        return depth > 0 and all(is_key(item, depth - 1) for item in key)
    return key is None or type(key) in (str, int, float, bool, bytes)


_OPCODES: Mapping[bytes, Callable[[_Machine], None]] = {
    b"\x80": lambda m: m.skip(1),                               # PROTO: the version, opcodes tell it better
    b"\x95": lambda m: m.skip(8),                               # FRAME: a hint for buffering
    b"N": lambda m: m.push(None),                              # NONE
    b"\x88": lambda m: m.push(True),                           # NEWTRUE
    b"\x89": lambda m: m.push(False),                          # NEWFALSE
    b"J": lambda m: m.push(m.number(4, signed=True)),          # BININT
    b"K": lambda m: m.push(m.number(1)),                       # BININT1
    b"M": lambda m: m.push(m.number(2)),                       # BININT2
    b"\x8a": lambda m: m.push(m.number(m.number(1), signed=True)),  # LONG1
    b"G": lambda m: m.push(m.double()),                        # BINFLOAT
    b"X": lambda m: m.push(m.text(4)),                         # BINUNICODE
    b"\x8c": lambda m: m.push(m.text(1)),                      # SHORT_BINUNICODE
    b"\x8d": lambda m: m.push(m.text(8)),                      # BINUNICODE8
    b"U": lambda m: m.push(m.text(1)),                         # SHORT_BINSTRING, a str of Python 2
    b"T": lambda m: m.push(m.text(4)),                         # BINSTRING
    b"C": lambda m: m.push(m.read(m.number(1))),               # SHORT_BINBYTES
    b"B": lambda m: m.push(m.read(m.number(4))),               # BINBYTES
    b"}": lambda m: m.push({}),                                # EMPTY_DICT
    b"]": lambda m: m.push([]),                                # EMPTY_LIST
    b")": lambda m: m.push(()),                                # EMPTY_TUPLE
    b"(": lambda m: m.mark(),                                  # MARK
    b"t": lambda m: m.push(tuple(m.pop_mark())),               # TUPLE
    b"\x85": lambda m: m.tuple_of(1),                          # TUPLE1
    b"\x86": lambda m: m.tuple_of(2),                          # TUPLE2
    b"\x87": lambda m: m.tuple_of(3),                          # TUPLE3
    b"s": lambda m: m.set_items([m.pop(), m.pop()][::-1]),     # SETITEM
    b"u": lambda m: m.set_items(m.pop_mark()),                 # SETITEMS
    b"a": lambda m: m.append([m.pop()]),                       # APPEND
    b"e": lambda m: m.append(m.pop_mark()),                    # APPENDS
    b"q": lambda m: m.remember(m.number(1)),                   # BINPUT
    b"r": lambda m: m.remember(m.number(4)),                   # LONG_BINPUT
    b"\x94": lambda m: m.remember(len(m.memo)),                # MEMOIZE
    b"h": lambda m: m.recall(m.number(1)),                     # BINGET
    b"j": lambda m: m.recall(m.number(4)),                     # LONG_BINGET
    b"c": lambda m: m.name(m.line(), m.line()),                # GLOBAL
    b"\x93": lambda m: m.name(*[m.pop(), m.pop()][::-1]),      # STACK_GLOBAL
    b"R": lambda m: m.call(m.pop(), m.pop()),                  # REDUCE
    b"b": lambda m: m.build(),                                 # BUILD
    b"Q": lambda m: m.push(m.actions.persistent(m.pop())),     # BINPERSID
}  # fmt: skip
