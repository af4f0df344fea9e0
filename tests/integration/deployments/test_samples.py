"""What a newcomer reads first: the samples, by the default profile."""

import jiwer
import pytest
from whisper_normalizer.english import EnglishTextNormalizer

import stenoflow
from stenoflow.deployments.samples import sample_recordings
from stenoflow.deployments.samples.texts import TEXTS

SAMPLES = {path.name: path for path in sample_recordings()}


def test_each_sample_has_its_text() -> None:
    assert set(TEXTS) == set(SAMPLES)


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if text])
def test_samples_are_transcribed_nearly_without_errors(name: str) -> None:
    transcript = stenoflow.transcribe(SAMPLES[name])
    normalized = EnglishTextNormalizer()
    read = normalized(" ".join(word.text for word in transcript.words))
    assert jiwer.wer(normalized(TEXTS[name]), read) < 0.05
    assert transcript.warnings == ()
