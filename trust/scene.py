"""One matter of which every word that people may type is a payload, and what else on the pages has a name of theirs."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import cycle
from typing import Any

from liaison.db import session, transaction
from liaison.models.departments import RoutingRule
from tests.support.journey import KEPT_JSON, Journey, Matter, done
from tests.support.pictures import photo
from trust.stage import Stage

Placed = list[str]
JOINED = 4  # payloads in one field that has room
ROOM = 600
CLEAR = "城东镇北街路灯坏了"


class Words:
    """Hands out payloads by turns, each with what is needed around it; `placed` is what was handed out."""

    def __init__(self, payloads: Sequence[str]) -> None:
        self._turns = cycle(payloads)
        self._shorter: dict[int, Iterator[str]] = {}
        self._payloads = payloads
        self.placed: Placed = []

    def __call__(self, longest: int = ROOM) -> str:
        """Words for a field of so many characters."""
        if longest >= ROOM:
            told = [next(self._turns) for _ in range(JOINED)]
        else:
            fitting = [each for each in self._payloads if len(each) <= longest]
            told = [next(self._shorter.setdefault(longest, cycle(fitting)))]
        self.placed += told
        return "\n".join(told)


def rename(stage: Stage, words: Words) -> None:
    """Give everything of the town that has a name one that is a payload."""
    town = stage.town
    rows: Mapping[str, tuple[object, ...]] = {
        "name": (
            *town.accounts.values(),
            *vars(town.departments).values(),
            *vars(town.stations).values(),
            *vars(town.deputies).values(),
            *vars(town.categories).values(),
            *vars(town.regions).values(),
        ),
        "address": (*vars(town.stations).values(),),
        "opening": (*vars(town.stations).values(),),
        "unit": (*vars(town.deputies).values(),),
        "reason": (*town.rules,),
    }
    with transaction():
        for field, named in rows.items():
            for row in named:
                setattr(session.merge(row), field, words(60))
        for rule in town.rules:
            session.get(RoutingRule, rule.id).keywords = ["路灯", words(60)]


def tell(journey: Journey, words: Words) -> Matter:
    """A matter from the first word to the publication, through every move that takes words."""
    matter = journey.tells(
        text=f"{CLEAR}\n{words()}",
        category="roads",
        place={"name": words(100)},
        contact={"name": words(30), "phone": "13912345678"},
        share_identity=True,
        photos=[photo(size=(20, 20))],
    )
    office, deputy, part = journey.office, journey.deputy, matter.part()
    handler, approver = journey.handler("housing"), journey.approver("housing")
    office("ask", matter, question=words(500))
    matter.adds(words())
    office("refusal", matter, reason=words(500), channel="other")
    office("restore", matter, reason=words(500))
    office("accept", matter)
    deputy("ask", matter, question=words(500))
    matter.adds(words())
    deputy("hand-over", matter, advice=words())
    office("send-back", matter, reason=words(500))
    deputy("hand-over", matter, advice=words())
    office("dispatch", matter, lead="housing", complexity="ordinary", text=words())
    handler("return", part, reason=words(500), belongs_to="water")
    office("return-decision", matter, assignment=part, approve=False, text=words(500))
    handler("acknowledge", part)
    handler("extension", part, working_days=3, reason=words(500))
    office("extension-decision", matter, assignment=part, approve=True, text=words(500))
    _replies(journey, part, words)
    approver("approval", part, approve=False, text=words(500))
    _replies(journey, part, words)
    approver("approval", part, approve=True, text=words(500))
    deputy("verdict", matter, accept=True, text=words(500))
    matter.rates("satisfied", text=words())
    office("look-back", matter, done=True, text=words())
    office("reveal", matter, reason=words(500))
    office("publication", matter, title=words(60), text=words(), answer=words(), consent=True)
    return matter


def others(journey: Journey, words: Words) -> None:
    """Matters that end in ways the first cannot."""
    done(journey.tells(text=f"{CLEAR}\n{words()}").sends("withdrawal", reason=words(500)))
    journey.office("redirect", journey.tells(text=f"{CLEAR}\n{words()}"), channel="litigation", reason=words(500))
    passed = journey.comes_to("with_deputy", text=f"{CLEAR}\n{words()}")
    journey.deputy("pass", passed, deputy="D004", reason=words(500))
    broken = journey.comes_to("assigned", text=f"{CLEAR}\n{words()}")
    journey.answers(broken.part(), outcome="B", promised_on="2026-03-20", measures=f"施工 {words(500)}")
    journey.deputy("verdict", broken, accept=True)
    broken.rates("basically", text=words())
    journey.office("broken-promise", broken, text=words())


def _replies(journey: Journey, part: str, words: Words) -> None:
    """An answer with evidence whose file has a name of its own."""
    told: dict[str, Any] = KEPT_JSON | {
        "text": f"{KEPT_JSON['text']}\n{words()}",
        "measures": f"{KEPT_JSON['measures']}\n{words(500)}",
        "owner": words(50),
        "files": [(BytesIO(photo(size=(20, 20))), f"{words(60)}.jpg".replace("/", "∕"))],
    }
    handler = journey.handler("housing")
    done(handler.client.post(f"{handler.area}/{part}/reply", data=told))
