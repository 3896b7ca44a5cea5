"""Values as plain data between a candidate's box and the outside: JSON with tags.

Encoding runs in the candidate's process and is not trusted; decoding builds exact built-in types only, so that no
`__eq__`, `__class__` or subclass of a candidate ever takes part in a comparison. Lists, texts, numbers, true, false
and null are themselves; everything else is {"t": tag, "v": ...}.
"""
import builtins
import collections
import decimal
import fractions
import json
import math

MOST_DEPTH = 60
_SAFE_INT = 1 << 53


class Unserialisable(Exception):
    pass


def encode(value, keep, depth=0):
    """`keep(object)` returns a number for what is no plain data, by which it can be used later."""
    if depth > MOST_DEPTH:
        raise Unserialisable("nested too deeply")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, str):
        return str.__str__(value) if type(value) is str else str.__getitem__(value, slice(None))
    if isinstance(value, int):
        value = int.__add__(value, 0)
        return value if -_SAFE_INT < value < _SAFE_INT else {"t": "int", "v": hex(value)}
    if isinstance(value, float):
        value = float.__add__(value, 0.0)
        return value if math.isfinite(value) else {"t": "float", "v": float.__repr__(value)}
    if isinstance(value, list):
        return [encode(item, keep, depth + 1) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return {"t": "tuple", "v": [encode(item, keep, depth + 1) for item in tuple.__iter__(value)]}
    if isinstance(value, dict):
        return {"t": "dict", "v": [[encode(key, keep, depth + 1), encode(item, keep, depth + 1)]
                                   for key, item in dict.items(value)]}
    if isinstance(value, (set, frozenset)):
        kind = set if isinstance(value, set) else frozenset
        return {"t": kind.__name__, "v": [encode(item, keep, depth + 1) for item in kind.__iter__(value)]}
    if isinstance(value, complex):
        return {"t": "complex", "v": [repr(value.real), repr(value.imag)]}
    if isinstance(value, (bytes, bytearray)):
        return {"t": "bytes", "v": bytes(value).hex()}
    if type(value) is range:
        return {"t": "range", "v": [value.start, value.stop, value.step]}
    if type(value) is collections.deque:
        return {"t": "deque", "v": [encode(item, keep, depth + 1) for item in value]}
    if type(value) is decimal.Decimal:
        return {"t": "decimal", "v": str(value)}
    if type(value) is fractions.Fraction:
        return {"t": "fraction", "v": [hex(value.numerator), hex(value.denominator)]}
    if isinstance(value, type) and builtins.__dict__.get(value.__name__) is value:
        return {"t": "type", "v": value.__name__}
    return {"t": "object", "v": keep(value)}


def decode(data, kept, depth=0):
    """`kept(number)` makes what stands for an object on the other side."""
    if depth > 2 * MOST_DEPTH:
        raise Unserialisable("nested too deeply")
    if isinstance(data, list):
        return [decode(item, kept, depth + 1) for item in data]
    if not isinstance(data, dict):
        return data
    tag, value = data["t"], data["v"]
    if tag == "tuple":
        return tuple(decode(item, kept, depth + 1) for item in value)
    if tag == "dict":
        return {decode(key, kept, depth + 1): decode(item, kept, depth + 1) for key, item in value}
    if tag == "set":
        return {decode(item, kept, depth + 1) for item in value}
    if tag == "frozenset":
        return frozenset(decode(item, kept, depth + 1) for item in value)
    if tag == "deque":
        return collections.deque(decode(item, kept, depth + 1) for item in value)
    if tag == "int":
        return int(value, 16)
    if tag == "float":
        return float(value)
    if tag == "complex":
        return complex(float(value[0]), float(value[1]))
    if tag == "bytes":
        return bytes.fromhex(value)
    if tag == "range":
        return range(*value)
    if tag == "decimal":
        return decimal.Decimal(value)
    if tag == "fraction":
        return fractions.Fraction(int(value[0], 16), int(value[1], 16))
    if tag == "type":
        found = builtins.__dict__[value]
        if not isinstance(found, type):
            raise Unserialisable("no type")
        return found
    if tag == "object":
        return kept(value)
    raise Unserialisable("unknown tag")


class Line:
    """JSON lines over one socket; the text of a line is bounded."""

    MOST = 32 << 20

    def __init__(self, file):
        self._file = file

    def send(self, message):
        self._file.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        self._file.flush()

    def receive(self):
        """The next message; None when the other side is gone or sends too much."""
        text = self._file.readline(self.MOST)
        return json.loads(text) if text.endswith(b"\n") else None
