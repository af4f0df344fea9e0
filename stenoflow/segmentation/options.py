"""Options of segmentation: which pauses are left out, and how large a request may be."""

from pydantic import Field

from stenoflow.options import Options


class SegmentationOptions(Options):
    """What is sent to the engine, in how many requests."""

    remove_pauses: bool = Field(default=True, title="Leave out the pauses")
    """Send only speech with a little of its surroundings; times still are the recording's own."""

    min_pause_s: float = Field(
        default=0.5, title="Shortest pause left out, seconds", ge=0.05, le=60
    )
    keep_s: float = Field(default=0.07, title="Kept around speech, seconds", ge=0, le=5)
    """Silence kept on each side of a speech segment."""

    min_saving: float = Field(default=0.05, title="Smallest saving worth a cut", ge=0, le=1)
    """Where the pauses make up less than this share, the whole recording is sent uncut."""

    max_request_s: float = Field(default=4 * 3600, title="Longest request, seconds", ge=10)
    max_request_bytes: int = Field(
        default=2 * 1000**3, title="Largest request, bytes", ge=1_000_000
    )
    overlap_s: float = Field(
        default=10.0, title="Overlap of neighbouring requests, seconds", ge=0, le=120
    )
