"""The body of a response, decompressed as it arrives, and never larger than a limit."""

import zlib

import httpx

MAX_BYTES = 64 * 1024**2
"""Largest body, decompressed: the words of a day of speech take about a third of it."""
ENCODINGS = "gzip, deflate"
"""Content encodings to ask for. A body under another one is kept as it came."""

_STEP = 1 << 20
"""Bytes that are decompressed at a time."""
_ANY_HEADER = 32 + zlib.MAX_WBITS
"""``wbits`` for gzip and zlib data (zlib manual, ``inflateInit2``)."""


class BodyTooLarge(httpx.HTTPError):
    """The body of a response is larger than the limit."""


class ResponseBody:
    """Collects a body under a content encoding, up to ``max_bytes``."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self.content = bytearray()
        """Bytes that have arrived, decompressed."""
        self._max_bytes = max_bytes
        compressed = encoding.strip().lower() in ("gzip", "x-gzip", "deflate")
        self._inflater = zlib.decompressobj(_ANY_HEADER) if compressed else None
        self.decoded = compressed
        """True if the content is no longer under its encoding."""

    def add(self, raw: bytes) -> None:
        """Add bytes as they arrived. Raises BodyTooLarge, httpx.DecodingError."""
        if self._inflater is None:
            self._append(raw)
            return
        try:
            while raw:
                self._append(self._inflater.decompress(raw, _STEP))
                raw = self._inflater.unconsumed_tail
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error

    def _append(self, decoded: bytes) -> None:
        room = self._max_bytes - len(self.content)
        self.content += decoded[:room]
        if len(decoded) > room:
            raise BodyTooLarge(f"The body of a response is larger than {self._max_bytes} bytes.")
