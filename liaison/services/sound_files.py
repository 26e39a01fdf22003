"""What a voice message may be: the container its first bytes prove, and its bytes without what tells of the person.

Standard library only, no decoder: nothing is played here, only boxes and chunks are walked, each within its bounds.
Recorders write names, places and times around the sound (an iPhone titles a memo by its street, MP4 holds GPS), which
nobody who may hear the voice needs: what is no sound is dropped or blanked, and what cannot be walked is refused.
"""

import re
import struct
from collections.abc import Callable, Iterator

WEBM, OGG, MP4, MP3, WAV, AMR = "audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg", "audio/wav", "audio/amr"
SUFFIXES = {WEBM: "webm", OGG: "ogg", MP4: "m4a", MP3: "mp3", WAV: "wav", AMR: "amr"}

_DEEP = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_TELLS = (b"udta", b"meta", b"uuid", b"free", b"skip")
_DATED = {b"mvhd": 4, b"tkhd": 4, b"mdhd": 4}
_DEEPEST = 8
_KEPT_CHUNKS = (b"fmt ", b"fact", b"data")
_KEPT_INFO = (b"\x2a\xd7\xb1", b"\x44\x89", b"\x4d\x80", b"\x57\x41")
"""Of a WebM's Info: time scale, duration, and the names of the programs, which the format demands."""
_INFO = re.compile(rb"(?<!\x53\xab\x84)\x15\x49\xa9\x66")  # itself, not the table of contents that names it
_TAGS = {b"\x12\x54\xc3\x67": b"\x73\x73", b"\x19\x41\xa4\x69": b"\x61\xa7", b"\x10\x43\xa7\x70": b"\x45\xb9"}
"""How a WebM's tags, attachments and chapters begin, and the first thing within each."""

_FILM = re.compile(rb"V_(?:VP\d|AV1|MPEG|THEORA)|hdlr.{8}vide", re.DOTALL)


class NotSound(Exception):
    """The bytes are no sound of a permitted container, or cannot be walked."""


def find_kind(data: bytes) -> str | None:
    """The type the first bytes prove, whatever the name says; None for anything else, pictures and films included."""
    if data.startswith(b"\x1aE\xdf\xa3"):
        return WEBM if b"webm" in data[:64] and b"A_OPUS" in data[:4096] and not _FILM.search(data) else None
    if data.startswith(b"OggS"):
        return OGG if b"OpusHead" in data[:64] else None
    if data[4:8] == b"ftyp":
        return MP4 if b"soun" in data and not _FILM.search(data) else None
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return WAV
    if data.startswith(b"#!AMR\n"):
        return AMR
    return MP3 if _is_mp3(data) else None


def bare(data: bytes, kind: str) -> bytes:
    """The sound without titles, names, places and times. Raises NotSound."""
    try:
        return _BARE[kind](data)
    except (struct.error, IndexError, ValueError):
        raise NotSound from None


def _is_mp3(data: bytes) -> bool:
    body = data[_id3_length(data) :]
    return len(body) > 4 and body[0] == 0xFF and body[1] & 0xE6 == 0xE2 and body[2] & 0xF0 != 0xF0


def _id3_length(data: bytes) -> int:
    if not data.startswith(b"ID3") or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if data[5] & 0x10 else 0)


def _bare_mp3(data: bytes) -> bytes:
    body = data[_id3_length(data) :]
    if body[-128:-125] == b"TAG":
        body = body[:-128]
    foot = body[-32:]
    if foot.startswith(b"APETAGEX"):
        (size,) = struct.unpack_from("<I", foot, 12)
        body = body[: max(0, len(body) - size - (32 if foot[23] & 0x80 else 0))]
    if not _is_mp3(body):
        raise NotSound
    return body


def _bare_wav(data: bytes) -> bytes:
    kept, at = [], 12
    while at + 8 <= len(data):
        (size,) = struct.unpack_from("<I", data, at + 4)
        end = at + 8 + size + size % 2
        if data[at : at + 4] in _KEPT_CHUNKS:
            kept.append(data[at:end])
        at = end
    if not kept or not kept[0].startswith(b"fmt "):
        raise NotSound
    body = b"WAVE" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _bare_amr(data: bytes) -> bytes:
    return data  # a header of six bytes, then frames of sound: there is no place for words


def _bare_mp4(data: bytes) -> bytes:
    """Boxes that tell become free space of the same length, so that every offset to the sound still holds."""
    out = bytearray(data)
    for at, head, end, name in _boxes(data, 0, len(data), 0):
        if name in _TELLS:
            out[at + 4 : at + 8] = b"free"
            out[head:end] = bytes(end - head)
        elif name in _DATED:
            width = 8 if data[head] == 1 else 4
            out[head + 4 : head + 4 + 2 * width] = bytes(2 * width)
    return bytes(out)


def _boxes(data: bytes, at: int, end: int, depth: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Each box: where it and its body begin, where it ends, its name. Raises NotSound for one beyond its bounds."""
    while at < end:
        size, name = struct.unpack_from(">I4s", data, at)
        head = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, head)
            head += 8
        stop = at + size if size else end
        if stop > end or stop < head or depth > _DEEPEST:
            raise NotSound
        yield at, head, stop, name
        if name in _DEEP:
            yield from _boxes(data, head, stop, depth + 1)
        at = stop


def _bare_ogg(data: bytes) -> bytes:
    """The comments are zeroed where they stand, which Opus reads as none and padding (RFC 7845, 5.2)."""
    out, at, seen = bytearray(data), 0, False
    while at < len(data):
        if data[at : at + 4] != b"OggS":
            raise NotSound
        segments = data[at + 27 : at + 27 + data[at + 26]]
        body = at + 27 + len(segments)
        end = body + sum(segments)
        if data[body : body + 8] == b"OpusTags":
            if seen or (segments and segments[-1] == 255) or end > len(data):
                raise NotSound  # comments longer than a page hold a picture, not a voice
            out[body + 8 : end] = bytes(end - body - 8)
            out[at + 22 : at + 26] = bytes(4)
            out[at + 22 : at + 26] = struct.pack("<I", _ogg_sum(out[at:end]))
            seen = True
        at = end
    if not seen:
        raise NotSound
    return bytes(out)


def _ogg_sum(page: bytes) -> int:
    """Ogg's checksum: CRC-32 with 0x04C11DB7, neither reflected nor inverted."""
    total = 0
    for byte in page:
        total = (total << 8 & 0xFFFFFFFF) ^ _OGG_TABLE[total >> 24 ^ byte]
    return total


def _ogg_entry(value: int) -> int:
    value <<= 24
    for _ in range(8):
        value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


_OGG_TABLE = [_ogg_entry(value) for value in range(256)]


def _bare_webm(data: bytes) -> bytes:
    out, info = bytearray(data), _INFO.search(data)
    if info is None:
        raise NotSound
    head, end = _element(data, info.start(), 4)
    while head < end:
        width = 9 - data[head].bit_length()
        body, stop = _element(data, head, width)
        if stop > end:
            raise NotSound
        if data[head : head + width] not in _KEPT_INFO:
            _void(out, head, stop)
        elif width == 2 and data[head] in (0x4D, 0x57):
            out[body:stop] = b" " * (stop - body)
        head = stop
    for found in re.finditer(b"|".join(map(re.escape, _TAGS)), data[end:]):
        at = end + found.start()
        body, stop = _element(data, at, 4)
        if stop <= len(data) and data[body : body + 2] == _TAGS[found[0]]:  # else these bytes stand within the sound
            _void(out, at, stop)
    return bytes(out)


def _element(data: bytes, at: int, width: int) -> tuple[int, int]:
    """Where the body of an element begins and ends whose name has that width. Raises NotSound."""
    first = data[at + width]
    length = 9 - first.bit_length()
    if length > 8:
        raise NotSound
    body = at + width + length
    size = int.from_bytes(data[at + width : body], "big") & ((1 << 7 * length) - 1)
    return body, body + size


def _void(out: bytearray, at: int, end: int) -> None:
    """Blank an element: the format's own empty element of the same length."""
    length = end - at
    if length < 2:
        raise NotSound
    head = b"\xec" + ((length - 2) | 0x80).to_bytes(1) if length < 128 else b"\xec\x01" + (length - 9).to_bytes(7)
    out[at:end] = head + bytes(length - len(head))


_BARE: dict[str, Callable[[bytes], bytes]] = {
    WEBM: _bare_webm,
    OGG: _bare_ogg,
    MP4: _bare_mp4,
    MP3: _bare_mp3,
    WAV: _bare_wav,
    AMR: _bare_amr,
}
