"""Recordings made wrong: bits flipped, ends cut off, headers of other files, lengths that lie.

Deterministic: the same number makes the same bytes of the same recording.
"""

from collections.abc import Callable, Mapping
from random import Random

HEADER_BYTES = 4096
"""Where most formats say what they are and how long their parts are."""

LIES = (
    0,
    1,
    2,
    0x7F,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFF7,
    0xFFFFFFFF,
)
"""Numbers at which programs that do not look go wrong."""


def flip(recording: bytes, _other: bytes, random: Random) -> bytes:
    """One bit in a hundred thousand to one in a hundred, in the header or anywhere."""
    made = bytearray(recording)
    end = min(len(made), random.choice([64, HEADER_BYTES, len(made)]))
    for _ in range(max(1, round(end * 8 * 10 ** random.uniform(-5, -2)))):
        made[random.randrange(end)] ^= 1 << random.randrange(8)
    return bytes(made)


def cut(recording: bytes, _other: bytes, random: Random) -> bytes:
    """The beginning, the end, or all but a piece in the middle."""
    at, to = sorted((random.randrange(len(recording)), random.randrange(len(recording))))
    return random.choice([recording[: at + 1], recording[at:], recording[:at] + recording[to:]])


def splice(recording: bytes, other: bytes, random: Random) -> bytes:
    """Another file's header before it, or over its own, or itself within the other."""
    size = random.choice([4, 12, 64, 512, HEADER_BYTES])
    at = random.randrange(len(other))
    return random.choice(
        [
            other[:size] + recording,
            other[:size] + recording[size:],
            other[:at] + recording + other[at:],
        ]
    )


def lie(recording: bytes, _other: bytes, random: Random) -> bytes:
    """One to four numbers, most of them such as may be lengths, are set to something else."""
    made = bytearray(recording)
    lengths = _lengths(recording)
    for _ in range(random.randint(1, 4)):
        at, width = random.randrange(len(made)), random.choice([2, 4, 8])
        if lengths and random.random() < 0.8:
            at, width = random.choice(lengths), 4
        value = random.choice([*LIES, len(made), 2 * len(made), random.getrandbits(8 * width)])
        number = (value % 256**width).to_bytes(width, random.choice(["little", "big"]))
        made[at : at + width] = number
    return bytes(made)


def _lengths(recording: bytes) -> list[int]:
    """Where a header holds four bytes that may be the length of something in it."""
    found: list[int] = []
    for at in range(min(len(recording) - 4, HEADER_BYTES)):
        field = recording[at : at + 4]
        sizes = int.from_bytes(field, "big"), int.from_bytes(field, "little")
        if any(8 <= size <= len(recording) - at for size in sizes):
            found.append(at)
    return found


MUTATIONS: Mapping[str, Callable[[bytes, bytes, Random], bytes]] = {
    "flip": flip,
    "cut": cut,
    "splice": splice,
    "lie": lie,
}
