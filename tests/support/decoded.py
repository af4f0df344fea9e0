"""Whole recordings, decoded, and what their warnings and errors must look like."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stenoflow.media.decoding import BLOCK_SAMPLES, decode
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.media.stream_info import MediaInfo


@dataclass(frozen=True)
class Decoded:
    """A decoded recording."""

    info: MediaInfo
    samples: NDArray[np.float32]
    duration_s: float
    warnings: tuple[str, ...]


def decode_whole(path: Path, limits: Limits | None = None, **choice: Any) -> Decoded:
    """Decode a whole recording, and check the form of its blocks."""
    with decode(path, choice=MediaOptions(**choice), limits=limits) as decoding:
        blocks = list(decoding)
        assert {block.dtype for block in blocks} <= {np.dtype(np.float32)}
        assert max(len(block) for block in blocks) <= BLOCK_SAMPLES
        assert {block.shape[1] for block in blocks} == {decoding.channels}
        samples = np.concatenate(blocks)
        assert len(samples) == decoding.samples
        return Decoded(decoding.info, samples, decoding.duration_s, decoding.warnings)


def assert_readable(sentences: str) -> None:
    """Check that this is a sentence or two, without paths of ours or noise of a program."""
    assert sentences[0].isupper()
    assert sentences.endswith(".")
    assert len(sentences) < 300
    assert "\n" not in sentences
    assert not any(noise in sentences for noise in ("file:", " 0x", "Traceback", "/recording"))
