"""Wall and CPU time of work, child processes included, compared between rivals in turns.

Machines are shared, and their speed drifts. Rivals therefore run one after the other in several rounds, and
the median of each counts: whatever slows one round slows every rival in it.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage


@dataclass(frozen=True, slots=True)
class Cost:
    """The time that a piece of work took, in seconds."""

    wall_s: float
    cpu_s: float
    """User and system time of this process, and of its children that have ended."""

    def per_hour(self, audio_s: float) -> "Cost":
        """Return the cost of an hour of audio, if this is the cost of ``audio_s`` seconds."""
        return Cost(self.wall_s * 3600 / audio_s, self.cpu_s * 3600 / audio_s)


def cost(work: Callable[[], object]) -> Cost:
    """Do the work, and return what it cost."""
    before_s, began = _cpu_s(), time.perf_counter()
    work()
    return Cost(time.perf_counter() - began, _cpu_s() - before_s)


def take_turns(rivals: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """Return the median cost of each rival over ``rounds`` rounds, after one that does not count."""
    costs: dict[str, list[Cost]] = {name: [] for name in rivals}
    for number in range(rounds + 1):
        for name, work in rivals.items():
            spent = cost(work)
            if number:
                costs[name].append(spent)
    return {name: _median(spent) for name, spent in costs.items()}


def _cpu_s() -> float:
    used = [getrusage(whose) for whose in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(each.wall_s for each in costs),
        statistics.median(each.cpu_s for each in costs),
    )
