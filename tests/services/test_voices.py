"""Voice messages: taken by what they are, kept without what their recorders wrote, refused in words."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liaison.clients.files import open_store
from liaison.domain.errors import Invalid
from liaison.services.sound_files import _ogg_sum
from liaison.services.voices import MAX_VOICE_BYTES, keep_voice, prepare_voice
from tests.support.pictures import photo
from tests.support.sounds import MADE, SECRET, SOUND, box, element, m4a, ogg

NONE = (
    b"GIF89a" + bytes(99),
    b"<html>" + bytes(99),
    b"%PDF-1.7" + bytes(99),
    b"\xff\xd8\xff\xe0" + bytes(99),
    b"x",
    photo(),
)
FILMS = (m4a() + box(b"moov", box(b"hdlr", bytes(8) + b"vide")), MADE["audio/webm"]() + element(b"\x86", b"V_VP8"))


@pytest.mark.parametrize("mime", sorted(MADE))
def test_a_message_is_kept_as_its_sound_without_words_around_it(mime: str) -> None:
    told, sound, kind = prepare_voice(MADE[mime]())
    assert kind == mime
    assert SECRET not in sound
    assert mime == "audio/amr" or SECRET in told
    assert sound == prepare_voice(sound)[1], "what is bare stays as it is"
    assert mime in ("audio/amr", "audio/mpeg") or SOUND[:200] in sound, "the sound itself is untouched"
    kept = keep_voice(store := open_store("memory:///"), (told, sound, kind))
    assert store.get(kept.key) == sound and kept.mime == mime and kept.name is None
    assert kept.original_sha256 != kept.sha256 or mime == "audio/amr"


def test_a_memo_no_longer_says_when_it_was_spoken() -> None:
    assert struct.pack(">I", 3_800_000_000) not in prepare_voice(m4a())[1]
    assert len(prepare_voice(m4a())[1]) == len(m4a()), "every offset to the sound still holds"


def test_the_changed_page_of_an_ogg_has_its_own_checksum() -> None:
    sound = prepare_voice(ogg())[1]
    at = sound.index(b"OpusTags") - 28
    end = sound.index(b"OggS", at + 4)
    blank = sound[at : at + 22] + bytes(4) + sound[at + 26 : end]
    assert struct.unpack_from("<I", sound, at + 22) == (_ogg_sum(blank),)
    assert _ogg_sum(b"123456789") == 0x89A1897F  # the check value of this CRC-32


@pytest.mark.parametrize("data", [*NONE, *FILMS], ids=lambda data: repr(data[:8]))
def test_what_is_no_sound_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        prepare_voice(data)
    [sentence] = refusal.value.errors["voice"]
    assert "录音" in sentence and sentence.endswith("。")


def test_what_is_empty_or_too_long_says_so() -> None:
    for data, said in ((b"", "空的"), (MADE["audio/amr"]() + bytes(MAX_VOICE_BYTES), "超过 5 MB")):
        with pytest.raises(Invalid) as refusal:
            prepare_voice(data)
        assert said in refusal.value.errors["voice"][0]


@given(st.sampled_from(sorted(MADE)), st.data())
@example("audio/mp4", None)
def test_whatever_a_file_is_cut_to_or_spoilt_with_it_is_bare_or_refused(mime: str, data: st.DataObject | None) -> None:
    whole = bytearray(MADE[mime]())
    if data:
        whole = whole[: data.draw(st.integers(0, len(whole)))]
        for place in data.draw(st.lists(st.integers(0, max(0, len(whole) - 1)), max_size=6)) if whole else ():
            whole[place] = data.draw(st.integers(0, 255))
    try:
        _, sound, kind = prepare_voice(bytes(whole))
    except Invalid as refusal:
        assert set(refusal.errors) == {"voice"}
    else:
        assert kind in MADE and len(sound) <= len(whole)
