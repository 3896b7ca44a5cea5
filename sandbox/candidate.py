"""The candidate's side of calls (mode 1): runs the program once, then serves calls of its functions over descriptor 3.

Requests: {"op": "call", "on": NAME or NUMBER, "args": [...], "named": {...}}, and for objects that are no plain data
(NUMBER): "get", "set", "item", "length", "truth", "items". Answers: {"v": value} or {"e": [type, message]}.
Everything here belongs to the candidate once its program has begun; nothing it sends is believed, only compared.
"""
import io
import itertools
import socket
import sys
import types

import plain_data

_MOST_ITEMS = 1 << 20  # of an iterator that is asked for all its items


def resolve(names, path):
    """The function that `path` names: "f", or "Solution.f", which makes a Solution first."""
    first, *rest = path.split(".")
    value = names[first]
    for name in rest:
        value = getattr(value() if isinstance(value, type) else value, name)
    if not rest and isinstance(names.get("Solution"), type) and not callable(value):
        raise TypeError(f"{path} is no function")
    return value


def entry(names, path):
    """As resolve; a bare name that only class Solution has is found there, too."""
    solution = names.get("Solution")
    if "." not in path and path not in names and isinstance(solution, type):
        return getattr(solution(), path)
    return resolve(names, path)


class _Server:
    def __init__(self, names, line):
        self._names, self._line = names, line
        self._objects, self._numbers = [], {}

    def _keep(self, value):
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return number

    def _perform(self, request):
        op = request["op"]
        target = request["on"]
        value = self._objects[target] if isinstance(target, int) else entry(self._names, target)
        args = [plain_data.decode(item, self._objects.__getitem__) for item in request.get("args", [])]
        named = {key: plain_data.decode(item, self._objects.__getitem__)
                 for key, item in request.get("named", {}).items()}
        if op == "call":
            return value(*args, **named)
        if op == "get":
            return getattr(value, request["name"])
        if op == "set":
            return setattr(value, request["name"], args[0])
        if op == "item":
            return value[args[0]]
        if op == "length":
            return len(value)
        if op == "truth":
            return bool(value)
        if op == "items":
            return list(itertools.islice(iter(value), _MOST_ITEMS))
        raise ValueError(op)

    def serve(self):
        while (request := self._line.receive()) is not None:
            try:
                answer = {"v": plain_data.encode(self._perform(request), self._keep)}
            except Exception as error:
                answer = {"e": [type(error).__name__, str(error)[:500]]}
            sys.stdout.flush()
            self._line.send(answer)


def serve(code):
    channel = socket.socket(fileno=3)
    line = plain_data.Line(channel.makefile("rwb"))
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    exec(code, module.__dict__)
    _Server(module.__dict__, line).serve()
