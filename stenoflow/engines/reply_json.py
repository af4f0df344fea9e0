"""The JSON of a reply, read as what it is meant to be rather than by the letter.

A reply has been paid for, so a byte order mark, another encoding than UTF-8, a byte that is not UTF-8,
half of a surrogate pair, and numbers such as NaN do not cost it its words.
"""

import codecs
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import from_json

from stenoflow.errors import EngineError, ErrorReply

REPLACED = "The reply held bytes that are not text: each is replaced by \N{REPLACEMENT CHARACTER}."

_SURROGATES = re.compile(
    r"(?P<kept>\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""Escapes in a JSON text: those of whole pairs and other ones are kept, those of half pairs are not."""
_ERROR_KEYS = ("error", "err_code", "err_msg", "detail", "errors", "category", "message")


def json_object(raw: bytes, *, called: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the JSON object that a reply is, and warnings about what was replaced in it.

    Numbers may be infinite or not a number. ``called`` names the engine. Raises EngineError where the
    reply is not a JSON object, or nested more deeply than pydantic_core's parser goes (200 levels).
    """
    text, warnings = _decoded(raw)
    try:
        value: Any = from_json(text)
    except ValueError as error:
        raise EngineError(f"{called}'s reply is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise EngineError(f"{called}'s reply is not a transcription: it is not a JSON object.")
    return cast("dict[str, Any]", value), warnings


def check_no_error(reply: Mapping[str, Any], *, called: str, request_id: str | None) -> None:
    """Raise ErrorReply if a reply without a transcript reports an error instead."""
    if found := [f"{key}: {reply[key]}" for key in _ERROR_KEYS if reply.get(key)]:
        text = " ".join("; ".join(found).split())[:300]
        raise ErrorReply(
            f"{called}'s reply reports an error ({text}).", request_id=request_id, may_be_paid=True
        )


def _decoded(raw: bytes) -> tuple[str, tuple[str, ...]]:
    encoding = "utf-8-sig" if raw.startswith(codecs.BOM_UTF8) else json.detect_encoding(raw)
    text = raw.decode(encoding, errors="replace")
    whole = _SURROGATES.sub(lambda found: found["kept"] or "\\ufffd", text)
    is_changed = whole != text or text.count("\ufffd") > raw.count("\ufffd".encode())
    return whole, (REPLACED,) if is_changed else ()
