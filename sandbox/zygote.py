"""The warm Python interpreter of a slot: imports what programs usually need, then forks one child per run.

The child enters its box (sandbox/box/enter.cc, through a shared library) and only then sees the program. Modes:
0 runs the program as `python3 program.py` would; 1 serves calls of its functions over descriptor 3 (candidate.py);
2 runs a test against such a candidate (grader.py). Exit code 121: the program does not compile.
"""
import atexit
import ctypes
import gc
import os
import sys

_library = ctypes.PyDLL("/reckon/warm.so")
if _library.reckon_begin(int(sys.argv[1]), int(sys.argv[2])) != 0:
    sys.exit(1)
sys.argv = ["program.py"]

# What programs usually import. Not all of the library: every page it fills is a page to copy when a run is forked.
import __future__, abc, array, bisect, builtins, cmath, collections, collections.abc, contextlib, copy, dataclasses
import datetime, decimal, enum, fractions, functools, hashlib, heapq, io, itertools, json, math, numbers, operator, random
import re, socket, statistics, string, struct, textwrap, threading, time, traceback, types, typing

import candidate
import grader

sys.path[0] = "/tmp"  # of the script's folder, by which the last two were found


def _serve():
    """Returns in a child only, inside its box, with the program's text and mode."""
    gc.collect()
    gc.freeze()  # so that collections in children do not write to every shared page
    while _library.reckon_next():
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if pid == 0:
            file = _library.reckon_enter()
            pieces = []
            while piece := os.read(file, 1 << 20):
                pieces.append(piece)
            mode = _library.reckon_start()
            return b"".join(pieces), mode
        _library.reckon_watch(pid)
    os._exit(0)


def _main():
    text, mode = _serve()
    # Fresh streams: these belong to the run's own files.
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    module = types.ModuleType("__main__")
    module.__builtins__ = builtins
    sys.modules["__main__"] = module
    return text, mode, module.__dict__


def _end(code):
    """What the interpreter does at its end, without taking every module apart first: that costs ten times the rest."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except SystemExit as exit:
        code = _exit_code(exit)
    except BaseException:
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            code = code or 120  # as Python does when its output cannot be written
    os._exit(code & 255)


def _exit_code(exit):
    if exit.code is None or isinstance(exit.code, int):
        return exit.code or 0
    print(exit.code, file=sys.stderr)
    return 1


def _run(text, mode, names):
    try:
        code = compile(text, "program.py", "exec", dont_inherit=True) if mode != 2 else None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        print("".join(traceback.format_exception_only(error)), file=sys.stderr)
        _end(121)
    try:
        if mode == 0:
            exec(code, names)
        elif mode == 1:
            candidate.serve(code)
        else:
            grader.grade(text)
    except SystemExit as exit:
        _end(_exit_code(exit))
    except BaseException:
        kind, error, frames = sys.exc_info()
        try:
            sys.excepthook(kind, error, frames.tb_next)
        except BaseException:
            pass
        _end(1)
    _end(0)


_run(*_main())
