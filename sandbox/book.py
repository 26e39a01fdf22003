"""Whose phones the sandbox shows: who people are, and by which addresses messages reach them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.people import PEOPLE, openid_of


@dataclass(frozen=True)
class Person:
    """Somebody with a phone: `user` is also the member id at WeCom, `about` says who that is.

    `phone` is the mobile number, if known; `consents` how many subscribe messages were agreed to from the start.
    """

    user: str
    name: str
    about: str = ""
    phone: str = ""
    consents: int = 0
    staff: bool = False


class Book:
    """The people by user, and who is behind an address."""

    def __init__(self, apps: Mapping[str, str], told: Iterable[Mapping[str, object]] = ()) -> None:
        residents = [Person(user, name) for user, name in PEOPLE.items()]  # whom the way round by WeChat offers
        people = residents + [Person(**each) for each in told]
        self.people = {each.user: each for each in people}
        self._apps = tuple(apps)
        self._behind = {address: each for each in people for address in self.addresses(each)}

    def addresses(self, person: Person) -> list[str]:
        """Everything messages for a person are addressed to."""
        openids = [openid_of(appid, person.user) for appid in self._apps]
        return openids + ([person.user] if person.staff else []) + ([person.phone] if person.phone else [])

    def behind(self, address: str) -> Person:
        """Who is behind an address; whoever is unknown is called by it."""
        return self._behind.get(address) or Person(address, address)

    def get(self, user: str) -> Person:
        """The person of that user, or one known by an address alone."""
        return self.people.get(user) or Person(user, user)

    def consents(self) -> Iterator[tuple[str, int]]:
        """The openids at the mini-program that have agreed from the start, each with how often."""
        for person in self.people.values():
            if person.consents:
                yield openid_of(self._apps[0], person.user), person.consents
