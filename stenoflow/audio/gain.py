"""The gain with which a channel is encoded for an engine, from its quality."""

import math

from stenoflow.audio.quality import FLOAT_EXCEEDS, FULL_SCALE, LOSSY_EXCEEDS, Quality

USUAL_DBFS = -20.0
"""A usual level of speech: none is lowered further, so that a single loud click makes no speech faint."""

FAINT_DBFS = -50.0
"""Fainter speech is raised where the recording has more than 16 bits: rounded to 16, it would be noisy."""


def gain_for(
    quality: Quality, target_dbfs: float | None, *, exact: bool, float_pcm: bool = False
) -> float:
    """Return what samples are multiplied by; 1 leaves them as they are.

    With a target, it brings speech to ``target_dbfs``, or as near as is possible without clipping. Without,
    only what does not fit into 16 bits is changed: speech that exceeds full scale is lowered, and
    faint speech is raised if the samples are not ``exact`` whole numbers of 16 bits. Unless the recording is
    floating-point PCM, twice full scale is no more than the overshoot of lossy coding, which is clipped.
    """
    if quality.peak_dbfs is None:
        return 1.0
    speech_dbfs = quality.speech_dbfs
    if speech_dbfs is None:
        return 1.0
    headroom_db = 20 * math.log10((FULL_SCALE - 1) / FULL_SCALE) - quality.peak_dbfs
    exceeds_db = 20 * math.log10(FLOAT_EXCEEDS if float_pcm else LOSSY_EXCEEDS)
    gain_db = 0.0
    if target_dbfs is not None:
        gain_db = min(target_dbfs - speech_dbfs, max(headroom_db, 0.0))
    elif quality.peak_dbfs > exceeds_db:
        gain_db = max(headroom_db, min(USUAL_DBFS - speech_dbfs, 0.0))
    elif speech_dbfs < FAINT_DBFS and not exact:
        gain_db = max(min(USUAL_DBFS - speech_dbfs, headroom_db), 0.0)
    return 10 ** (gain_db / 20)
