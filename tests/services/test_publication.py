"""What the public may read: with consent, after an answer, redacted by hand."""

import pytest

from liaison.domain.errors import Invalid, NotFound, WrongState
from liaison.services import publication
from liaison.services.publication import get_published, published
from tests.support.life import Life

WORDS = {"title": "路灯修复", "text": "居民反映路灯不亮。", "answer": "已更换三盏。"}


def publish(life: Life, number: str, who: str = "office", **more) -> None:
    """Publish as the office."""
    life.act(who, publication.publish, number, **WORDS | {"consent": True} | more)


@pytest.mark.parametrize("state", ["rating", "closed"])
def test_an_answered_matter_is_published_as_the_office_wrote_it(life: Life, state: str) -> None:
    number = life.matter_in(state)
    publish(life, number)
    shown = get_published(number)
    assert (shown.title, shown.text, shown.answer) == tuple(WORDS.values())
    assert life.kinds(number)[-1] == "publish"


@pytest.mark.parametrize("state", ["submitted", "assigned", "replied", "reopened", "not_accepted"])
def test_nothing_is_published_before_an_answer(life: Life, state: str) -> None:
    number = life.matter_in(state)
    with pytest.raises(WrongState):
        publish(life, number)
    with pytest.raises(NotFound):
        get_published(number)


def test_nothing_is_published_without_consent(life: Life) -> None:
    number = life.matter_in("closed")
    with pytest.raises(Invalid) as refusal:
        publish(life, number, consent=False)
    assert "consent" in refusal.value.errors


def test_another_regions_office_publishes_nothing(life: Life) -> None:
    number = life.matter_in("closed")
    with pytest.raises(NotFound):
        publish(life, number, who="other_office")


def test_publishing_again_replaces(life: Life) -> None:
    number = life.matter_in("closed")
    publish(life, number)
    publish(life, number, title="北街路灯修复")
    assert [each.title for each in published()] == ["北街路灯修复"]


def test_the_newest_comes_first_page_by_page_and_words_are_found_literally(life: Life) -> None:
    numbers = []
    for title in ("一", "二", "三 100%"):
        number = life.matter_in("closed")
        life.clock.advance(minutes=1)
        publish(life, number, title=title)
        numbers.append(number)
    first, second = published(limit=2)
    assert [each.title for each in (first, second)] == ["三 100%", "二"]
    after = (second.published_at, second.case_id)
    assert [each.title for each in published(after=after)] == ["一"]
    assert [each.title for each in published(query="100%")] == ["三 100%"]
    assert published(query="10_%") == []
    assert len(published(station_id=life.town.stations.east.id)) == 3
    assert published(station_id=life.town.stations.west.id) == []
