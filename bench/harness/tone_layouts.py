"""Hypothesis strategies for recordings whose words are known to the sample."""

from hypothesis import strategies as st

from stenoflow.testing.tones import APART, LONGEST, PITCHES_HZ, SHORTEST, Tone


@st.composite
def layouts(
    draw: st.DrawFn,
    *,
    least: int = 0,
    most: int = 12,
    longest_silence: int = 30_000,
    alike: bool = True,
) -> list[Tone]:
    """Draw tones with silence between them; all of different frequencies if ``alike`` is false."""
    lengths = draw(
        st.lists(
            st.tuples(st.integers(APART, longest_silence), st.integers(SHORTEST, LONGEST)),
            min_size=least,
            max_size=most,
        )
    )
    pitches = draw(
        st.lists(
            st.sampled_from(list(PITCHES_HZ)),
            min_size=len(lengths),
            max_size=len(lengths),
            unique=not alike,
        )
    )
    tones: list[Tone] = []
    position = 0
    for (silence, length), pitch_hz in zip(lengths, pitches, strict=True):
        tones.append(Tone(position + silence, position + silence + length, pitch_hz))
        position += silence + length
    return tones
