"""A comparison as one HTML page: the figures, and every difference with the words around it.

Text from recordings is hostile: the template escapes all of it, and the page's policy lets no script run.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from stenoflow.comparison.figures import cost_text, edits_text, per_word_text, rate_text
from stenoflow.comparison.passages import equal_after_last, passages
from stenoflow.comparison.result import Compared, Comparison
from stenoflow.comparison.summary import summarize
from stenoflow.rendering.html.page import asset
from stenoflow.rendering.playback import media_fragment, opens_in_browser
from stenoflow.times import format_clock


def comparison_page(comparison: Comparison) -> str:
    """Return the comparison as one self-contained HTML page that loads nothing."""
    return _template().render(
        palette=Markup(asset("palette.css")),  # noqa: S704 -- this project's own file
        base=comparison.base,
        candidates=[
            {
                "name": each.name,
                "is_base": each.name == comparison.base,
                "recordings": each.recordings,
                "words": each.words,
                "wer": rate_text(each.edits and each.edits.wer),
                "interval": each.wer_interval and " to ".join(map(rate_text, each.wer_interval)),
                "cer": rate_text(each.edits and each.edits.cer),
                "edits": edits_text(each.edits),
                "hour": cost_text(each.usd_per_hour),
                "word": per_word_text(each.usd_per_corrected_word),
            }
            for each in summarize(comparison)
        ],
        recordings=[
            {"name": name, "compared": found}
            for name in comparison.recordings
            if (found := list(_compared(comparison, name)))
        ],
        missing=comparison.missing,
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = (files("stenoflow.comparison") / "page.html").read_text(encoding="utf-8")
    return environment.from_string(text)


def _compared(comparison: Comparison, recording: str) -> Iterator[dict[str, Any]]:
    url = comparison.playback.get(recording)
    link = url if url and opens_in_browser(url) else None
    for each in comparison.compared:
        if each.recording == recording and each.alignment:
            edits = each.alignment.edits
            yield {
                "candidate": each.candidate,
                "base_words": edits.base_words,
                "words": edits.words,
                "wer": rate_text(edits.wer),
                "edits": edits_text(edits),
                "errors": edits.errors,
                "passages": list(_passages(each, link)),
                "rest": equal_after_last(each.alignment),
            }


def _passages(compared: Compared, link: str | None) -> Iterator[dict[str, Any]]:
    if compared.alignment is None:
        return
    for passage in passages(compared.alignment):
        start_s = passage.start_s
        yield {
            "clock": None if start_s is None else format_clock(start_s),
            "link": media_fragment(link, start_s) if link and start_s is not None else None,
            "skipped": passage.skipped,
            "pairs": [
                (
                    pair.operation,
                    pair.base.text if pair.base else "",
                    pair.candidate.text if pair.candidate else "",
                )
                for pair in passage.pairs
            ],
        }
