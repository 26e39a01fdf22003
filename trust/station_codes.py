"""Forged stickers: signatures of station codes made up in every way that somebody without the key can think of.

Most are put to the rule itself; one in `PAGE` is opened as a phone would open it, and the page must not call it ours.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from random import Random
from urllib.parse import quote

from liaison.domain import station_codes
from trust.stage import Stage
from trust.tally import Tally

SEED = 11
PAGE = 21  # no multiple of the ways of forging, so that each is seen on a page
STATIONS = ("S001", "S002")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
GENUINE = "这是本站的二维码"
Sign = Callable[[str], str]
Forge = Callable[[Random, str, Sign], str]


def play(stage: Stage, count: int) -> Tally:
    """Show so many forged signatures of the town's stations, each way of forging in turn."""
    tally, random = Tally(), Random(SEED)
    keys, phone = stage.app.extensions["liaison"].keys.stations, stage.app.test_client()
    sign = partial(station_codes.sign, keys=keys)
    for code in STATIONS:
        signature = sign(code)
        opened = phone.get(f"/s/{code}?k={signature}").text
        assert station_codes.check(code, signature, keys) and GENUINE in opened, "the genuine one is not accepted"
    while tally.tried < count:
        forge = FORGERIES[tally.tried % len(FORGERIES)]
        code = random.choice(STATIONS)
        forged = forge(random, code, sign)
        if forged == sign(code):
            continue
        found = ["accepted"] if station_codes.check(code, forged, keys) else []
        if tally.tried % PAGE == 0:
            answer = phone.get(f"/s/{code}?k={quote(forged.encode('utf-8', 'surrogatepass'))}")
            found += ["its page calls it ours"] if GENUINE in answer.text else []
            expected = 400 if "\x00" in forged else 200  # NUL is refused in every address, whatever it asks for
            found += [f"its page answers {answer.status_code}"] if answer.status_code != expected else []
            tally.note("pages")
        tally.count([f"{forge.__name__} {forged!r} for {code}: {fault}" for fault in found])
    return tally


def guessed(random: Random, code: str, sign: Sign) -> str:
    """Sixteen letters drawn by lot."""
    return f"1.{drawn(random, 16)}"


def of_another_station(random: Random, code: str, sign: Sign) -> str:
    """One of ours, printed for another station or for a code that only looks like this one."""
    others = [each for each in STATIONS if each != code]
    return sign(random.choice([*others, f"{code} ", f" {code}", code.lower(), f"{code}\x00", f"{code}1", code[:-1]]))


def one_letter_changed(random: Random, code: str, sign: Sign) -> str:
    """The genuine one but for a letter."""
    signature = sign(code)
    place = random.randrange(2, len(signature))
    return signature[:place] + random.choice(LETTERS) + signature[place + 1 :]


def two_letters_swapped(random: Random, code: str, sign: Sign) -> str:
    """The genuine one with two letters in each other's place."""
    letters = list(sign(code))
    one, other = random.sample(range(2, len(letters)), 2)
    letters[one], letters[other] = letters[other], letters[one]
    return "".join(letters)


def cut_or_longer(random: Random, code: str, sign: Sign) -> str:
    """A beginning of the genuine one, or more than it."""
    signature = sign(code)
    length = random.randrange(len(signature))
    return random.choice([signature[:length], signature + drawn(random, 1 + length), signature + "=", signature * 2])


def other_key_id(random: Random, code: str, sign: Sign) -> str:
    """The genuine one under the name of a key there is not."""
    key_id = random.choice(["", "0", "2", "01", "１", "None", "-1", "1 ", " 1", drawn(random, 3)])
    return f"{key_id}.{sign(code).partition('.')[2]}"


def keyed_otherwise(random: Random, code: str, sign: Sign) -> str:
    """Signed the right way with a key that is not ours."""
    return station_codes.sign(code, {"1": random.randbytes(32)})


def unkeyed(random: Random, code: str, sign: Sign) -> str:
    """The hash that somebody would try who knows the code but no key."""
    return _keyed(code.encode(), random)


def differently_written(random: Random, code: str, sign: Sign) -> str:
    """The genuine one in other letters that a lenient reader would take for the same."""
    signature = sign(code)
    tag = signature.partition(".")[2]
    wide = "".join(chr(ord(each) + 0xFEE0) for each in tag)
    odd = random.choice(["\u200b", "\u00a0", " ", "\t", "\n", "\x00", "\ud800", "%", "\u202e"])
    place = random.randrange(len(tag) + 1)
    written = [tag.swapcase(), tag.lower(), tag.upper(), wide, tag[:place] + odd + tag[place:]]
    return random.choice([*(f"1.{each}" for each in written), tag, f"1..{tag}", f".{signature}", f"1:{tag}"])


def nonsense(random: Random, code: str, sign: Sign) -> str:
    """Anything."""
    letters = (chr(random.choice([random.randrange(1, 0x80), random.randrange(1, 0x11_0000)])) for _ in range(99))
    return "".join(letters)[: random.randrange(99)]


def drawn(random: Random, length: int) -> str:
    """So many letters of a signature, drawn by lot."""
    return "".join(random.choices(LETTERS, k=length))


def _keyed(said: bytes, random: Random) -> str:
    digests = (
        hashlib.sha256(said).digest(),
        hashlib.md5(said).digest(),
        hmac.digest(b"", said, "sha256"),
        hmac.digest(said or b"S001", b"liaison station code 1\x00", "sha256"),
        hmac.digest(random.randbytes(16), said, "sha256"),
        bytes(32),
    )
    return "1." + base64.urlsafe_b64encode(random.choice(digests)[: station_codes.TAG_BYTES]).decode()


FORGERIES: tuple[Forge, ...] = (
    guessed,
    of_another_station,
    one_letter_changed,
    two_letters_swapped,
    cut_or_longer,
    other_key_id,
    keyed_otherwise,
    unkeyed,
    differently_written,
    nonsense,
)
