"""Large values handed from step to step.

Prefect looks through every argument and result of a task for futures and states, item by item: for
a transcript of 300,000 words that took 11 seconds. It does not look into objects it does not know.
"""

from typing import Generic, TypeVar

T = TypeVar("T")


class Handed(Generic[T]):
    """A value that Prefect passes on without looking inside."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value
