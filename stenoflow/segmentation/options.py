"""Options of segmentation: which pauses are left out, and how large a request may be."""

from pydantic import Field

from stenoflow.options import Options


class SegmentationOptions(Options):
    """Division of a recording into requests.

    ``bench/audio/word_errors.py`` measures what leaving the pauses out does to the word error rate of
    Whisper tiny.en. On the clips that no setting is chosen on (273 words, 21 recordings) it is 22.0 % of the
    whole files and 21.6 % of what is sent. On recordings made of eight such clips with pauses of up to 4 s
    between them, 43 % of which is left out, it is 20.4 % and 23.4 % (22.7 % with a ``keep_s`` of 0.2); half
    of the difference is one passage that Whisper leaves out.
    """

    remove_pauses: bool = Field(default=True, title="Leave out the pauses")
    """Send only speech with a little of its surroundings; times still are the recording's own."""

    min_pause_s: float = Field(
        default=0.5, title="Shortest pause left out, seconds", ge=0.05, le=60
    )
    keep_s: float = Field(default=0.07, title="Kept around speech, seconds", ge=0, le=5)
    """Silence kept on each side of a speech segment."""

    min_saving: float = Field(default=0.05, title="Smallest saving worth a cut", ge=0, le=1)
    """Smallest share of the recording that cutting must save; below it, the recording is sent whole."""

    max_request_s: float = Field(default=4 * 3600, title="Longest request, seconds", ge=10)
    max_request_bytes: int = Field(
        default=2 * 1000**3, title="Largest request, bytes", ge=1_000_000
    )
    overlap_s: float = Field(
        default=10.0, title="Overlap of neighbouring requests, seconds", ge=0, le=120
    )
