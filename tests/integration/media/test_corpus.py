"""Real files, intact and broken: each is decoded, or rejected in a sentence."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stenoflow.errors import BadMedia, OverLimit, StenoflowError
from stenoflow.times import SAMPLE_RATE
from tests.support.corpus import needs_corpus, recordings
from tests.support.decoded import Decoded, assert_readable, decode_whole

CORPUS = [entry for kind in ("broken", "containers", "nonspeech") for entry in recordings(kind)]


class TestTheCorpus:
    """Real files, intact and broken, under the name that a recording has while it is worked on."""

    @pytest.fixture(scope="class")
    @staticmethod
    def endings(
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Mapping[str, Decoded | StenoflowError]:
        folder = tmp_path_factory.mktemp("corpus")

        def ending(entry: dict[str, Any]) -> Decoded | StenoflowError:
            path = folder / entry["name"] / "recording"
            path.parent.mkdir(parents=True)
            path.symlink_to(entry["path"])
            try:
                return decode_whole(path)
            except StenoflowError as error:
                return error

        names = [entry["name"] for entry in CORPUS]
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return dict(zip(names, threads.map(ending, CORPUS), strict=True))

    @needs_corpus
    @pytest.mark.parametrize("entry", CORPUS, ids=lambda entry: entry["name"])
    def test_every_file_is_decoded_or_rejected(
        self, entry: dict[str, Any], endings: Mapping[str, Decoded | StenoflowError]
    ) -> None:
        ending = endings[entry["name"]]
        if isinstance(ending, StenoflowError):
            assert isinstance(ending, BadMedia | OverLimit)
            assert_readable(str(ending))
            assert not self.must_be_heard(entry), ending
        else:
            assert ending.duration_s == len(ending.samples) / SAMPLE_RATE > 0
            assert not self.must_be_refused(entry)
            for warning in ending.warnings:
                assert_readable(warning)
            if self.must_be_heard(entry):
                # FFmpegs differ in what an encoder put around the sound, and in filling gaps in it.
                lengths = [entry["seconds"], ending.info.claimed_s]
                assert any(
                    ending.duration_s == pytest.approx(length, abs=0.15) for length in lengths
                )

    @staticmethod
    def must_be_heard(entry: dict[str, Any]) -> bool:
        """Decoding it cleanly was possible when the corpus was gathered."""
        verdict = entry.get("verdict") or "decodes cleanly"
        has_audio = entry["check"]["audio_streams"] > 0
        return has_audio and bool(entry["seconds"]) and verdict == "decodes cleanly"

    @staticmethod
    def must_be_refused(entry: dict[str, Any]) -> bool:
        """Return True for a file without audio."""
        return entry["expect"] == "no audio" or entry.get("verdict") == "video only"
