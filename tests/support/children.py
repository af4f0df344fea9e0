"""The child processes that a test has started, found by what they were told."""

import time
from collections.abc import Callable

import psutil


def children_with_argument(argument: str) -> list[psutil.Process]:
    """Living children, and theirs, with this in one of their arguments."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if any(argument in each for each in _arguments(child))
    ]


def await_child(argument: str, *, gone: Callable[[], bool]) -> psutil.Process:
    """The first child with this in one of its arguments, as soon as it is there.

    Raises AssertionError where ``gone`` becomes true first.
    """
    while not (found := children_with_argument(argument)):
        if gone():
            raise AssertionError(f"no child was told {argument}")
        time.sleep(0.005)
    return found[0]


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
