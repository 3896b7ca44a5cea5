"""The grader's side of asserts (mode 2), in a box of its own that no candidate's code ever enters.

Its program is one JSON object: {"token", "helpers", "setup", "test", "candidate_names"}. `setup` and `test` are Python from the
data set; so is `helpers`, left out if it does not parse: what a prompt defined beside the function that it asks for.
Names that they use and do not define are the candidate's, and those in `candidate_names` always are: calling them
calls over descriptor 3, and what comes back is plain data. The verdict goes to standard output, behind the token,
which only this process and its supervisor know.
"""
import ast
import builtins
import importlib
import itertools
import json
import os
import socket
import sys

import plain_data


class CandidateGone(BaseException):
    """The candidate's process ended, or sent what is no answer. No test can catch it by accident."""


class CandidateRaised(Exception):
    """An exception of a type that is not built in."""


class Channel:
    def __init__(self):
        self._line = plain_data.Line(socket.socket(fileno=3).makefile("rwb"))
        self.raised = None

    def ask(self, op, on, args=(), named=None, **more):
        request = {"op": op, "on": on, "args": [plain_data.encode(item, self._own) for item in args],
                   "named": {key: plain_data.encode(item, self._own) for key, item in (named or {}).items()}, **more}
        try:
            self._line.send(request)
            answer = self._line.receive()
            if isinstance(answer, dict) and "e" in answer:
                self._raise(str(answer["e"][0]), str(answer["e"][1]))
            if not isinstance(answer, dict) or "v" not in answer:
                raise CandidateGone()
            return plain_data.decode(answer["v"], lambda number: Remote(self, int(number)))
        except (OSError, ValueError, KeyError, TypeError, IndexError, ArithmeticError, RecursionError,
                plain_data.Unserialisable) as error:
            if self.raised is error:
                raise
            raise CandidateGone() from error

    def _raise(self, name, message):
        kind = getattr(builtins, name, None)
        known = isinstance(kind, type) and issubclass(kind, Exception) and kind is not UnicodeDecodeError
        try:
            self.raised = kind(message) if known else CandidateRaised(f"{name}: {message}")
        except TypeError:
            self.raised = CandidateRaised(f"{name}: {message}")
        raise self.raised

    @staticmethod
    def _own(value):
        if type(value) is Remote:
            return object.__getattribute__(value, "_number")
        raise plain_data.Unserialisable(f"a {type(value).__name__} cannot be sent")


class Remote:
    """An object of the candidate that is no plain data. Never equal to anything but itself."""

    __slots__ = ("_channel", "_number")

    def __init__(self, channel, number):
        object.__setattr__(self, "_channel", channel)
        object.__setattr__(self, "_number", number)

    def _ask(self, op, args=(), named=None, **more):
        channel = object.__getattribute__(self, "_channel")
        return channel.ask(op, object.__getattribute__(self, "_number"), args, named, **more)

    def __getattr__(self, name):
        return Remote._ask(self, "get", name=name)

    def __setattr__(self, name, value):
        Remote._ask(self, "set", (value,), name=name)

    def __call__(self, *args, **named):
        return Remote._ask(self, "call", args, named)

    def __getitem__(self, key):
        return Remote._ask(self, "item", (key,))

    def __len__(self):
        return Remote._ask(self, "length")

    def __bool__(self):
        return bool(Remote._ask(self, "truth"))

    def __iter__(self):
        return iter(Remote._ask(self, "items"))


def _parsed(text):
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.parse("")


def _free_names(trees):
    """Names that are read and never bound anywhere in the test."""
    bound, read = set(), set()
    for node in itertools.chain.from_iterable(map(ast.walk, trees)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return read - bound


def _function(channel, name):
    def call(*args, **named):
        return channel.ask("call", name, args, named)

    call.__name__ = name
    return call


def _resolve(names, free, entry_known, channel):
    """Binds every free name: a module of the standard library, or the candidate's function. Built-in names keep their
    meaning, whatever the candidate defines, unless nothing else is called: a function may be called `sum`."""
    wanted = {name for name in free if not hasattr(builtins, name)}
    functions = {name for name in wanted if name not in sys.stdlib_module_names}
    for name in wanted - functions:
        names[name] = importlib.import_module(name)
    if not functions and not entry_known:
        functions = {name for name in free if hasattr(builtins, name) and name not in ("True", "False", "None")
                     and not isinstance(getattr(builtins, name), type)}
        functions = functions if len(functions) == 1 else set()
    for name in functions:
        names[name] = _function(channel, name)


def grade(text):
    verdict = os.dup(1)
    os.dup2(2, 1)  # what tests print is not the verdict
    job = json.loads(text)
    channel = Channel()
    names = {"__name__": "__grader__", "__builtins__": builtins}

    def end(word, note=""):
        os.write(verdict, f"{job['token']} {word} {note[:300]}\n".encode())
        os._exit(0)

    try:
        helpers, setup, test = _parsed(job["helpers"]), ast.parse(job["setup"]), ast.parse(job["test"])
        _resolve(names, _free_names([helpers, setup, test]), bool(job["candidate_names"]), channel)
        for tree in (helpers, setup, test):
            if tree is not helpers:  # the prompt's own version of the function is but its beginning
                names.update((name, _function(channel, name)) for name in job["candidate_names"])
            exec(compile(tree, "test.py", "exec", dont_inherit=True), names)
    except SyntaxError as error:
        end("invalid", f"the test does not parse: {error}")
    except AssertionError as error:
        end("raised" if error is channel.raised else "wrong", str(error))
    except CandidateGone:
        end("gone")
    except BaseException as error:
        end("raised" if error is channel.raised else "wrong", f"{type(error).__name__}: {error}")
    end("pass")
