"""Times as people and caption files write them."""


def clock(seconds: float) -> str:
    """``1:02:03``, or ``2:03`` within the first hour; to the second, rounded down."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def length(seconds: float) -> str:
    """``1 h 02 min``, ``2 min 03 s`` or ``2.5 s``: how long something lasts."""
    if round(seconds, 1) < 60:
        return f"{round(seconds, 1):g} s"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours} h {minute:02d} min" if hours else f"{minute} min {second:02d} s"


def timestamp(milliseconds: int, point: str) -> str:
    """``00:02:03.456`` with the given decimal sign; hours have two digits or as many as they need."""
    seconds, milli = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02d}:{minute:02d}:{second:02d}{point}{milli:03d}"
