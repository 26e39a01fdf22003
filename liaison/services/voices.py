"""A resident's voice message: checked by header, freed of what tells of the person around it, kept under a random key.

Work and file writing outside the transaction, like photos. The voice itself identifies who speaks, and nothing can
take that away: whoever reads a case gets it only as `may_hear` says, in every projection.
"""

from collections.abc import Sequence

from liaison.clients.files import FileStore, new_key
from liaison.domain.actors import OFFICE_ROLES, Actor, Role
from liaison.domain.errors import Invalid
from liaison.models.cases import Attachment
from liaison.services.photos import Kept, sha256
from liaison.services.sound_files import SUFFIXES, NotSound, bare, find_kind

MAX_SECONDS = 60
"""As long as our own recorder goes: what takes longer is better told at the station. A chosen file is held by its
bytes alone, since nothing here decodes it."""

MAX_VOICE_BYTES = 5 * 1024 * 1024
"""A minute takes 200 KB as our recorder speaks, 2 MB as a phone's own memo, 5 MB as plain waves at 44 kHz."""

STANDS_FOR_WORDS = "（语音留言，见附件）"
"""What a text that is too short by itself says besides; as long as the shortest text, so that it alone will do."""

_HEARERS = OFFICE_ROLES | {Role.RESIDENT, Role.DEPUTY}
_FIELD = "voice"


def prepare_voice(data: bytes) -> tuple[bytes, bytes, str]:
    """Return the message as it came, its bare sound, and its type; raises Invalid under `voice`."""
    if not data:
        raise _refusal("录音是空的，请重新录。")
    if len(data) > MAX_VOICE_BYTES:
        raise _refusal(f"录音超过 {MAX_VOICE_BYTES >> 20} MB，请录短一些（最长 {MAX_SECONDS} 秒）。")
    kind = find_kind(data)
    if kind is None:
        raise _refusal("这不是可用的录音，请直接在网页里录，或换成 MP3、M4A、WAV、AMR 格式。")
    try:
        return data, bare(data, kind), kind
    except NotSound:
        raise _refusal("录音已损坏或不完整，请重新录。") from None


def keep_voice(store: FileStore, prepared: tuple[bytes, bytes, str]) -> Kept:
    """Write the bare sound under a fresh random key."""
    told, sound, kind = prepared
    key = new_key("voices", SUFFIXES[kind])
    store.put(key, sound, kind)
    return Kept(key, None, kind, len(sound), sha256(sound), sha256(told))


def is_voice(mime: str) -> bool:
    """Whether a file is a voice message, by its type."""
    return mime.startswith("audio/")


def may_hear(actor: Actor, *, shares_identity: bool) -> bool:
    """Whether an actor who reads the case may hear its resident: a voice is as good as a name.

    Departments and the station's liaison only while the resident agrees that they may know who it is.
    """
    return actor.role in _HEARERS or shares_identity


def audible(actor: Actor, files: Sequence[Attachment], *, shares_identity: bool) -> list[Attachment]:
    """Those of a case's files that the actor may have."""
    hears = may_hear(actor, shares_identity=shares_identity)
    return [file for file in files if hears or not is_voice(file.mime)]


def _refusal(sentence: str) -> Invalid:
    return Invalid({_FIELD: [sentence]})
