"""What work costs: wall and CPU seconds, ours and our children's, of rivals that take turns.

Machines are shared, and their speed drifts. Rivals therefore run one after the other, again and again,
and the median of each is what counts: whatever slows one round slows all who run in it.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage


@dataclass(frozen=True, slots=True)
class Cost:
    """What one piece of work cost."""

    wall_s: float
    cpu_s: float
    """User and system time of this process and of those of its children that have ended."""

    def per_hour(self, audio_s: float) -> "Cost":
        """The same for an hour of audio, given how much it was spent on."""
        return Cost(self.wall_s * 3600 / audio_s, self.cpu_s * 3600 / audio_s)


def cost(work: Callable[[], object]) -> Cost:
    """Do the work, and say what it cost."""
    before_s, began = _cpu_s(), time.perf_counter()
    work()
    return Cost(time.perf_counter() - began, _cpu_s() - before_s)


def take_turns(rivals: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """The median cost of each rival over so many rounds, after one that does not count."""
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
