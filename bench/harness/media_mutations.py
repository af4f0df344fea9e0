"""Broken recordings for fuzzing: flipped bits, missing ends, headers of other files, false lengths.

Deterministic: the same seed makes the same bytes of the same recording.
"""

from collections.abc import Callable, Mapping
from random import Random

HEADER_BYTES = 4096
"""The part in which most formats have their signature and the lengths of their elements."""

EXTREME_NUMBERS = (
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
"""Numbers on which programs that do not check fail."""


def flip(recording: bytes, _other: bytes, random: Random) -> bytes:
    """Flip one bit in a hundred thousand to one in a hundred, in the header or anywhere."""
    made = bytearray(recording)
    end = min(len(made), random.choice([64, HEADER_BYTES, len(made)]))
    for _ in range(max(1, round(end * 8 * 10 ** random.uniform(-5, -2)))):
        made[random.randrange(end)] ^= 1 << random.randrange(8)
    return bytes(made)


def truncate(recording: bytes, _other: bytes, random: Random) -> bytes:
    """Keep the beginning, the end, or all but a piece in the middle."""
    at, to = sorted((random.randrange(len(recording)), random.randrange(len(recording))))
    return random.choice([recording[: at + 1], recording[at:], recording[:at] + recording[to:]])


def splice(recording: bytes, other: bytes, random: Random) -> bytes:
    """Put another file's header before or over the recording's own, or the recording into the other."""
    size = random.choice([4, 12, 64, 512, HEADER_BYTES])
    at = random.randrange(len(other))
    return random.choice(
        [
            other[:size] + recording,
            other[:size] + recording[size:],
            other[:at] + recording + other[at:],
        ]
    )


def falsify(recording: bytes, _other: bytes, random: Random) -> bytes:
    """Replace one to four numbers, most of them probable lengths."""
    made = bytearray(recording)
    lengths = _lengths(recording)
    for _ in range(random.randint(1, 4)):
        at, width = random.randrange(len(made)), random.choice([2, 4, 8])
        if lengths and random.random() < 0.8:
            at, width = random.choice(lengths), 4
        value = random.choice(
            [*EXTREME_NUMBERS, len(made), 2 * len(made), random.getrandbits(8 * width)]
        )
        number = (value % 256**width).to_bytes(width, random.choice(["little", "big"]))
        made[at : at + width] = number
    return bytes(made)


def _lengths(recording: bytes) -> list[int]:
    """Return the offsets at which a header has four bytes that may be a length."""
    found: list[int] = []
    for at in range(min(len(recording) - 4, HEADER_BYTES)):
        field = recording[at : at + 4]
        sizes = int.from_bytes(field, "big"), int.from_bytes(field, "little")
        if any(8 <= size <= len(recording) - at for size in sizes):
            found.append(at)
    return found


MUTATIONS: Mapping[str, Callable[[bytes, bytes, Random], bytes]] = {
    "flip": flip,
    "truncate": truncate,
    "splice": splice,
    "falsify": falsify,
}
