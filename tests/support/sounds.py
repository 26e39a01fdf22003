"""Voice messages as phones make them, with all that their recorders write around the sound; built without a codec."""

import struct

SECRET = "CANARY-幸福路3号".encode()
"""What a recorder may have written: a title, a name, a place."""

SOUND = bytes(range(7, 250)) * 8


def webm() -> bytes:
    """As Chrome records: a segment and a cluster of unknown length, here with a title and tags."""
    info = element(b"\x2a\xd7\xb1", b"\x0f\x42\x40") + element(b"\x7b\xa9", SECRET) + element(b"\x4d\x80", b"Chrome")
    info += element(b"\x57\x41", SECRET) + element(b"\x44\x61", bytes(8))
    codec = element(b"\x86", b"A_OPUS")
    tags = element(b"\x12\x54\xc3\x67", element(b"\x73\x73", SECRET * 20))
    seek = element(b"\x11\x4d\x9b\x74", element(b"\x4d\xbb", b"\x53\xab\x84\x15\x49\xa9\x66"))
    tracks = element(b"\x16\x54\xae\x6b", element(b"\xae", codec))
    cluster = b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + element(b"\xa3", SOUND)
    head = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"webm"))
    return (
        head
        + b"\x18\x53\x80\x67\x01"
        + b"\xff" * 7
        + seek
        + element(b"\x15\x49\xa9\x66", info)
        + tracks
        + cluster
        + tags
    )


def element(name: bytes, body: bytes) -> bytes:
    """One element of a WebM."""
    return name + (len(body) | 1 << 28).to_bytes(4, "big") + body


def ogg() -> bytes:
    """As Firefox records: head, comments, sound."""
    comments = b"OpusTags" + struct.pack("<I", 4) + b"opus" + struct.pack("<II", 1, len(SECRET)) + SECRET
    return page(b"OpusHead" + bytes(11), 0) + page(comments, 1) + page(SOUND[:250], 2)


def page(packet: bytes, number: int) -> bytes:
    """One page of an Ogg with one packet; its checksum is left to whoever changes it."""
    sizes = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    return b"OggS\0\0" + bytes(8) + struct.pack("<III", 1, number, 0) + bytes([len(sizes)]) + sizes + packet


def m4a() -> bytes:
    """As an iPhone's memo: a title, the place in two ways, and when it was."""
    when = bytes(4) + struct.pack(">II", 3_800_000_000, 3_800_000_000) + bytes(88)
    handler = box(b"hdlr", bytes(8) + b"soun" + bytes(12))
    tells = box(b"udta", box(b"loci", SECRET) + box(b"\xa9xyz", SECRET))
    media = box(b"mdia", box(b"mdhd", when) + handler)
    moov = box(b"moov", box(b"mvhd", when) + box(b"trak", box(b"tkhd", when) + media + tells) + box(b"meta", SECRET))
    return box(b"ftyp", b"M4A isom") + moov + box(b"free", SECRET) + box(b"mdat", SOUND)


def box(name: bytes, body: bytes) -> bytes:
    """One box of an MP4."""
    return struct.pack(">I", 8 + len(body)) + name + body


def mp3() -> bytes:
    """With tags before and behind."""
    size = bytes([0, 0, len(SECRET) >> 7, len(SECRET) & 0x7F])
    frames = (b"\xff\xfb\x90\x00" + bytes(413)) * 4
    ape = SECRET + b"APETAGEX" + struct.pack("<IIII", 2000, len(SECRET) + 32, 1, 0) + bytes(8)
    return b"ID3\x03\0\0" + size + SECRET + frames + ape + b"TAG" + SECRET.ljust(125, b"\0")


def wav() -> bytes:
    """With a chunk of words between format and waves."""
    words = SECRET + b"\0" * (len(SECRET) % 2)
    chunks = ((b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)), (b"LIST", words), (b"data", SOUND))
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def amr() -> bytes:
    """A header and frames; there is no place for words."""
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * 20


MADE = {"audio/webm": webm, "audio/ogg": ogg, "audio/mp4": m4a, "audio/mpeg": mp3, "audio/wav": wav, "audio/amr": amr}
