"""Guessed query codes of real matters: none opens anything, and nobody learns by guessing whether a matter is there.

Most are put to the service; one in `DOORS` goes through each of the doors a code opens, once with the number of a real
matter, once with one that is free and once with one that cannot be a number. The three answers must be the same to the
byte but for the number itself and the token against forged forms, which is new in every page.
"""

import hmac
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from werkzeug.test import Client, TestResponse

from liaison.domain import numbers
from liaison.domain.errors import Invalid
from liaison.services import intake
from liaison.web.resident.access import HEADER
from trust.stage import Stage
from trust.tally import Tally

SEED = 12
MATTERS = 6
DOORS = 25
YEAR, FREE = 2026, range(500_000, 600_000)  # sequences no matter of the stage has
WORDS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
Guess = Callable[[Random, str, str], str]
Known = dict[str, str]
"""The code of every matter by its number."""


def play(stage: Stage, count: int) -> Tally:
    """Guess so many codes, each way of guessing in turn."""
    tally, random, keys = Tally(), Random(SEED), stage.app.extensions["liaison"].keys
    told = [stage.life.submit(text=f"{number}号路灯坏了，晚上看不见路，请修好。") for number in range(MATTERS)]
    known = {each.case.number: each.secret for each in told}
    assert all(intake.find_by_code(number, code, keys) for number, code in known.items()), "none opens with its code"
    visitor, took = Visitor(stage), defaultdict[str, list[float]](list)
    while tally.tried < count:
        guess = GUESSES[tally.tried % len(GUESSES)]
        number = random.choice(list(known))
        code = guess(random, known[number], known[random.choice([each for each in known if each != number])])
        if _is_the_same(code, known[number]):
            continue
        found = []
        for kind, asked in (("wrong", number), ("absent", _free(random))):
            began = time.perf_counter()
            found += _opened(asked, code, keys)
            took[kind].append(time.perf_counter() - began)
        if tally.tried % DOORS == 0:
            door = visitor.doors[tally.tried // DOORS % len(visitor.doors)]
            found += visitor.differences(door, number, _free(random), _impossible(random), code)
            tally.note("by HTTP", 3)
        tally.count([f"{guess.__name__} {code!r}: {fault}" for fault in found])
    tally.compare("wrong/absent", took["wrong"], took["absent"])
    return tally


class Visitor:
    """Somebody at each door a code opens."""

    def __init__(self, stage: Stage) -> None:
        self._client: Client = stage.app.test_client()
        page = self._client.get("/m").text
        self._token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        self.doors = (self.api, self.link, self.form, self.additions, self.rating)

    def differences(self, door: Callable[[str, str], TestResponse], *asked: str) -> Iterator[str]:
        """Whatever tells a wrong code from a matter there is not, or from a number that cannot be."""
        *named, code = asked
        answers = [(seen(door(number, code), number), number) for number in named]
        first = answers[0][0]
        if first[0] != 404:
            yield f"{door.__name__} answered {first[0]}"
        for answer, number in answers[1:]:
            if answer != first:
                yield f"{door.__name__} answers {number} otherwise: {first} {answer}"

    def api(self, number: str, code: str) -> TestResponse:
        """The JSON of a matter."""
        return self._client.get(f"/api/v1/matters/{number}", headers=_header(code))

    def link(self, number: str, code: str) -> TestResponse:
        """The link that carries the code."""
        return self._client.get(f"/m/{number}", query_string={"c": code.encode("utf-8", "surrogatepass") or b"-"})

    def form(self, number: str, code: str) -> TestResponse:
        """The form for number and code."""
        fields = {"number": number, "code": code.encode("utf-8", "surrogatepass"), "csrf_token": self._token}
        return self._client.post("/m", data=fields)

    def additions(self, number: str, code: str) -> TestResponse:
        """Words to a matter."""
        body = {"text": "北街第三盏。"}
        return self._client.post(f"/api/v1/matters/{number}/additions", json=body, headers=_header(code))

    def rating(self, number: str, code: str) -> TestResponse:
        """A rating that would be refused as well if the code were right."""
        return self._client.post(f"/api/v1/matters/{number}/rating", json={}, headers=_header(code))


def seen(answer: TestResponse, number: str) -> tuple[int, str, list[tuple[str, str]]]:
    """What a visitor can tell of an answer: status, body and headers, without the number and the form's token."""
    body = re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", answer.text)
    return answer.status_code, body.replace(number, "*"), sorted(answer.headers)


def drawn(random: Random, code: str, other: str) -> str:
    """Twelve letters drawn by lot."""
    return "-".join("".join(random.choices(WORDS, k=4)) for _ in range(3))


def of_another_matter(random: Random, code: str, other: str) -> str:
    """The code of somebody else."""
    return other


def one_letter_changed(random: Random, code: str, other: str) -> str:
    """The right one but for a letter."""
    place = random.randrange(len(code))
    return code[:place] + random.choice(WORDS) + code[place + 1 :]


def two_letters_swapped(random: Random, code: str, other: str) -> str:
    """The right one with two letters in each other's place."""
    letters = list(code)
    one, two = random.sample(range(len(letters)), 2)
    letters[one], letters[two] = letters[two], letters[one]
    return "".join(letters)


def put_together(random: Random, code: str, other: str) -> str:
    """One half of the right one and one half of another."""
    place = random.randrange(1, len(code))
    return random.choice([code[:place] + other[place:], other[:place] + code[place:]])


def cut_or_longer(random: Random, code: str, other: str) -> str:
    """A part of the right one, or more than it."""
    place = random.randrange(1, len(code))
    return random.choice([code[:place], code[place:], code + code[:place], code + random.choice(WORDS), ""])


def derived_without_the_key(random: Random, code: str, other: str) -> str:
    """What the rule gives under a key that is not ours."""
    mac = partial(hmac.digest, random.randbytes(32), digest="sha256")
    return numbers.derive_code(mac, "S001", f"key-{random.randrange(9)}")


def nonsense(random: Random, code: str, other: str) -> str:
    """What no code looks like."""
    letters = (chr(random.choice([random.randrange(0x20, 0x7F), random.randrange(0xA1, 0x100)])) for _ in range(40))
    odd = ["' OR 1=1 --", "%", "_" * 12, "*" * 12, "null", "../../../..", "𝟎" * 12, "\ud800" * 12, code[::-1]]
    return random.choice([*odd, "".join(letters)[: random.randrange(1, 40)]])


GUESSES: tuple[Guess, ...] = (
    drawn,
    of_another_matter,
    one_letter_changed,
    two_letters_swapped,
    put_together,
    cut_or_longer,
    derived_without_the_key,
    nonsense,
)


def _opened(number: str, code: str, keys: object) -> list[str]:
    return [f"it opened {number}"] if intake.find_by_code(number, code, keys) else []


def _is_the_same(code: str, known: str) -> bool:
    try:
        return numbers.normalise_code(code) == known
    except Invalid:
        return False


def _free(random: Random) -> str:
    return numbers.make_number("matter", YEAR, random.choice(FREE))


def _impossible(random: Random) -> str:
    """A number whose check character is wrong, as long as the others."""
    number = _free(random)
    return number[:-1] + random.choice([each for each in numbers.ALPHABET if each != number[-1]])


def _header(code: str) -> dict[str, str]:
    """The code as far as a header can carry it."""
    return {HEADER: re.sub(r"[\x00-\x1f]", "", code.encode("latin-1", "replace").decode("latin-1"))}
