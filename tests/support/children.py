"""The child processes of a test, found by one of their arguments."""

import time
from collections.abc import Callable

import psutil


def children_with_argument(argument: str) -> list[psutil.Process]:
    """Return running descendants with this text in one of their arguments."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if any(argument in each for each in _arguments(child))
    ]


def await_child(argument: str, *, gone: Callable[[], bool]) -> psutil.Process:
    """Wait for a descendant with this text in one of its arguments, and return it.

    Raises AssertionError if ``gone`` returns True first.
    """
    while not (found := children_with_argument(argument)):
        if gone():
            raise AssertionError(f"no child has the argument {argument}")
        time.sleep(0.005)
    return found[0]


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
