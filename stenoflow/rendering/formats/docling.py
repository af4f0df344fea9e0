"""``docling.json``: a DoclingDocument, which retrieval pipelines read.

Utterances are text items in order of time. Each has a ``TrackSource`` with its time, its speaker and its
identifier in ``transcript.json``, where its words and confidences are. Texts are unchanged: docling-core's
own export to WebVTT refuses ``&``, ``<`` and ``-->`` in them; for captions use the ``vtt`` format.
"""

from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import AnyUrl, ValidationError

from stenoflow.errors import MissingDependency
from stenoflow.rendering.base import Recording, Renderer, Rendering
from stenoflow.rendering.document import utterance_id
from stenoflow.rendering.facts import LOW_ACCURACY
from stenoflow.transcript.model import Utterance
from stenoflow.transcript.speakers import SpeakerKey, speaker_names
from stenoflow.transcript.text import clean_text, join_words

if TYPE_CHECKING:
    from docling_core.types.doc.common.origin import DocumentOrigin
    from docling_core.types.doc.common.source import TrackSource
    from docling_core.types.doc.document import DoclingDocument

_ANY_MEDIA = "application/octet-stream"
_URL_CHARACTERS = ":/?#[]@!$&'()*+,;=%~"


def render(rendering: Rendering) -> bytes:
    """Return the transcript as a DoclingDocument in JSON. Raises MissingDependency."""
    return docling_document(rendering).model_dump_json(by_alias=True, exclude_none=True).encode()


def docling_document(rendering: Rendering) -> "DoclingDocument":
    """Return the transcript as a DoclingDocument. Raises MissingDependency without docling-core."""
    try:
        from docling_core.types.doc.document import DoclingDocument  # noqa: PLC0415 -- optional
        from docling_core.types.doc.labels import DocItemLabel  # noqa: PLC0415 -- optional
    except ImportError as error:
        raise MissingDependency(
            "the docling format needs docling-core: pip install 'stenoflow[docling]'"
        ) from error
    transcript = rendering.transcript
    title = clean_text(rendering.recording.name)
    built = DoclingDocument(name=title, origin=_origin(rendering.recording))
    built.add_title(title)
    if transcript.accuracy == "low":
        built.add_text(DocItemLabel.TEXT, LOW_ACCURACY)
    if transcript.summary:
        built.add_heading("Summary")
        built.add_text(DocItemLabel.TEXT, transcript.summary)
        built.add_heading("Transcript")
    names = speaker_names(transcript)
    for number, utterance in enumerate(transcript.utterances, 1):
        words = transcript.words[utterance.first : utterance.last]
        built.add_text(
            DocItemLabel.TEXT,
            join_words(word.text for word in words),
            source=_source(rendering, number, utterance, names[SpeakerKey.of(words[0])]),
        )
    return built


def _source(
    rendering: Rendering, number: int, utterance: Utterance, speaker_name: str | None
) -> "TrackSource":
    from docling_core.types.doc.common.source import TrackSource  # noqa: PLC0415 -- optional

    words = rendering.transcript.words[utterance.first : utterance.last]
    start_s = round(words[0].start_s, 3)
    end_s = round(max(word.end_s for word in words), 3)
    return TrackSource(
        start_time=start_s,
        # docling-core refuses a track without length.
        end_time=max(end_s, round(start_s + 0.001, 3)),
        identifier=utterance_id(number),
        voice=speaker_name,
    )


def _origin(recording: Recording) -> "DocumentOrigin":
    from docling_core.types.doc.common.origin import DocumentOrigin  # noqa: PLC0415 -- optional

    def origin(media_type: str) -> DocumentOrigin:
        return DocumentOrigin(
            filename=clean_text(recording.name),
            mimetype=media_type,
            # docling-core keeps the last 64 bits of a digest.
            binary_hash=int(recording.sha256 or "0", 16) & (2**64 - 1),
            uri=AnyUrl(quote(recording.url, safe=_URL_CHARACTERS)),
        )

    try:
        return origin(recording.media_type)
    except ValidationError:
        # docling-core refuses some types of audio (audio/webm, audio/amr).
        return origin(_ANY_MEDIA)


RENDERER = Renderer(
    name="docling",
    file_name="docling.json",
    content_type="application/json",
    render=render,
    description="DoclingDocument for retrieval pipelines (needs stenoflow[docling])",
)
