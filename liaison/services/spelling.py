"""How names are read out, for lists in that order and for codes; by the press, whose dictionaries take 55 MB."""

from liaison.services.press import make


def spell(name: str) -> str:
    """A name as it is read out, a syllable a word."""
    return make("spell", name=name).decode()


def initials(name: str) -> str:
    """The first letters of a name as it is read out."""
    return make("initials", name=name).decode()
