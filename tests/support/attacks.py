"""Files that look like recordings and make a decoder read other files, or open network connections.

Beside each is ``secret.wav``, a tone that must never be decoded; addresses lead to a port of this
machine on which the test listens.
"""

import base64
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.support.media_files import PICTURE, make, tone, tones, write_wav

SECRET_HZ = 1234
OWN_HZ = 440
"""The pitch of attacks that are sound recordings, too."""

SECRET = "secret.wav"


def write_attacks(root: Path, port: int) -> dict[str, Path]:
    """Write each attack into a folder of its own under ``root``; return the files by name."""
    found: dict[str, Path] = {}
    url = f"http://127.0.0.1:{port}/{SECRET}"
    for name, file, content in [*_scripts(root, url, port), *_containers(root, url)]:
        folder = root / name
        folder.mkdir(exist_ok=True)
        write_wav(folder / SECRET, tones([SECRET_HZ], 0.5))
        (folder / file).write_bytes(content)
        found[name] = folder / file
    return found


def _scripts(root: Path, url: str, port: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield text files that name what is to be played."""
    secret = write_wav(root / SECRET, tones([SECRET_HZ], 0.5))
    embedded = "data:audio/wav;base64," + base64.b64encode(secret.read_bytes()).decode()
    texts = {
        "concat-beside.mp3": f"ffconcat version 1.0\nfile {SECRET}\n",
        "concat-absolute.mp3": f"ffconcat version 1.0\nfile '{secret}'\n",
        "concat-address.mp3": f"ffconcat version 1.0\nfile '{url}'\n",
        "hls-beside.mp3": _hls(SECRET),
        "hls-absolute.m4a": _hls(f"file://{secret}"),
        "hls-address.m3u8": _hls(url),
        "hls-data.mp3": _hls(embedded),
        "hls-key.m3u8": _hls(SECRET, f'#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n'),
        "hls-map.m3u8": _hls(SECRET, f'#EXT-X-MAP:URI="file://{secret}"\n'),
        "hls-concat.m3u8": _hls(f"concat:{secret}|{secret}"),
        "hls-subfile.m3u8": _hls(f"subfile,,start,0,end,0,,:{secret}"),
        "hls-crypto.m3u8": _hls(f"crypto+file://{secret}"),
        "hls-master.m3u8": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}\n",
        "playlist.m3u": f"{secret}\n{url}\n",
        "playlist.pls": f"[playlist]\nFile1={url}\nNumberOfEntries=1\n",
        "playlist.asx": f'<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
        "playlist.ram": f"rtsp://127.0.0.1:{port}/secret\n",
        "reference.asf": f"[Reference]\nRef1={url}\n",
        "dash.mpd": _dash(url),
        "imf.xml": _imf(url),
        "session.sdp": (
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
            f"m=audio {port} RTP/AVP 0\na=rtpmap:0 PCMU/8000\n"
        ),
        "subtitle.srt": f"1\n00:00:00,000 --> 00:00:01,000\n<img src='{url}'>\n",
        "subtitle.vtt": f"WEBVTT\n\n00:00.000 --> 00:01.000\n{url}\n",
        "subtitle.ass": f"[Script Info]\nScriptType: v4.00+\nAudio File: {secret}\n\n[Events]\n",
        "subtitle.idx": "# VobSub index file, v7\nid: en, index: 0\ntimestamp: 0:0:0:0, filepos: 0\n",
        "metadata.txt": f";FFMETADATA1\ntitle={url}\n",
        "picture.svg": f'<svg xmlns:xlink="x"><image xlink:href="file://{secret}"/></svg>',
        "avisynth.avs": f'WavSource("{secret}")\n',
        "filter.lavfi": f"amovie={secret}",
    }
    for file, text in texts.items():
        yield file.replace(".", "-"), file, text.encode()


def _containers(root: Path, url: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield real media that refer to something else."""
    work = root / "work"
    work.mkdir()
    playlist = _hls(url).encode()
    m4a = make(work / "own.m4a", *tone(OWN_HZ, 1)).read_bytes()
    mp3 = make(work / "own.mp3", *tone(OWN_HZ, 1), "-id3v2_version", "0").read_bytes()
    picture = make(work / "own.png", *PICTURE, "-frames:v", "1").read_bytes()
    (work / "playlist.m3u8").write_bytes(playlist)
    attached = make(
        work / "attached.mkv", *tone(OWN_HZ, 1), "-attach", work / "playlist.m3u8",
        "-metadata:s:t", "mimetype=application/vnd.apple.mpegurl",
    )  # fmt: skip
    yield "mp4-elsewhere", "film.mp4", _with_data_elsewhere(m4a, root / SECRET)
    yield "mp4-reference", "film.mov", _reference_movie(url)
    yield "mp4-before-playlist", "film.mp4", m4a[:32] + playlist
    yield "mp4-after-playlist", "film.mp4", playlist + m4a
    yield "mp3-linked-picture", "song.mp3", _linked_picture(url) + mp3
    yield "mkv-attachment", "film.mkv", attached.read_bytes()
    yield "avi-subtitle", "film.avi", _avi_with_subtitle(playlist)
    yield "picture", "picture.png", picture
    yield "picture-sequence", "frame-%03d.png", picture
    yield "picture-as-mp3", "song.mp3", picture


def _hls(address: str, before: str = "") -> str:
    return (
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n"
        f"{before}#EXTINF:1.0,\n{address}\n#EXT-X-ENDLIST\n"
    )


def _dash(url: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT1S"><Period><AdaptationSet contentType="audio">'
        f'<Representation id="1" bandwidth="1"><BaseURL>{url}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )


def _imf(url: str) -> str:
    return (
        '<?xml version="1.0"?><CompositionPlaylist '
        'xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0</Id>'
        f"<ContentTitle>{url}</ContentTitle></CompositionPlaylist>"
    )


def _box(kind: bytes, content: bytes) -> bytes:
    """Return a box of ISO/IEC 14496-12."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _with_data_elsewhere(mp4: bytes, path: Path) -> bytes:
    """Return the same film with its audio declared to be in another file: a Macintosh alias (QuickTime)."""
    target = str(path).replace("/", ":").encode()
    target += b"\0" * (len(target) % 2)
    alias = bytes(4) + bytes(10) + bytes(1 + 27) + bytes(12)
    alias += bytes([len(SECRET)]) + SECRET.encode().ljust(63, b"\0") + bytes(16)
    alias += struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">HH", 2, len(target)) + target + struct.pack(">HH", 0xFFFF, 0)
    reference = _box(b"dref", struct.pack(">II", 0, 1) + _box(b"alis", alias))

    def rebuilt(boxes: bytes) -> bytes:
        made = b""
        while boxes:
            size, kind = struct.unpack_from(">I4s", boxes)
            content, boxes = boxes[8:size], boxes[size:]
            if kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
                made += _box(kind, rebuilt(content))
            else:
                made += reference if kind == b"dref" else _box(kind, content)
        return made

    return rebuilt(mp4)


def _reference_movie(url: str) -> bytes:
    """Return a QuickTime movie that contains only the address of another."""
    address = url.encode() + b"\0"
    data = _box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(address)) + address)
    movie = _box(b"moov", _box(b"rmra", _box(b"rmda", data)))
    return _box(b"ftyp", b"qt  \0\0\0\0qt  ") + movie


def _linked_picture(url: str) -> bytes:
    """Return an ID3v2.3 tag whose cover picture is an address."""
    content = b"\0-->\0\3\0" + url.encode()
    frame = b"APIC" + struct.pack(">IH", len(content), 0) + content
    return b"ID3\3\0\0" + bytes([0, 0, len(frame) >> 7, len(frame) & 127]) + frame


def _chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of RIFF."""
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _avi_with_subtitle(subtitle: bytes) -> bytes:
    """Return an AVI file of one audio stream and one of text, which contains a file (GAB2)."""
    sound = tones([OWN_HZ], 1, 8000).tobytes()
    wave = struct.pack("<HHIIHHH", 1, 1, 8000, 16_000, 2, 16, 0)
    streams = b""
    for kind, scale, rate, length, form in (
        (b"auds", 1, 8000, 8000, wave),
        (b"txts", 1, 1, 1, b""),
    ):
        header = kind + bytes(16) + struct.pack("<IIII", scale, rate, 0, length) + bytes(20)
        streams += _chunk(b"LIST", b"strl" + _chunk(b"strh", header) + _chunk(b"strf", form))
    main = struct.pack("<14I", 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0)
    held = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"\0\0" + struct.pack("<HI", 4, len(subtitle))
    movie = _chunk(b"01tx", held + subtitle) + _chunk(b"00wb", sound)
    lists = _chunk(b"LIST", b"hdrl" + _chunk(b"avih", main) + streams)
    lists += _chunk(b"LIST", b"movi" + movie)
    return _chunk(b"RIFF", b"AVI " + lists)
