"""What of a matter can be erased, and on what ground; no storage.

Personal Information Protection Law (个人信息保护法) art. 47: whoever handles information deletes it of their own
accord, and at the person's request, once the purpose is fulfilled or no longer needed, the time of keeping is over, or
consent is taken back; while a law demands that it be kept, handling is confined to keeping it safe. So: once a matter
is closed its purpose is fulfilled, and who asks is erased at once. While it is being handled the purpose stands, and
the office decides, giving reasons when it declines (art. 50). A matter's text and its handling are public records
(档案法, 信访工作条例): they stay, with every known name, number and place hidden, and nothing left that leads to the
person.
"""

from enum import StrEnum


class Part(StrEnum):
    """One kind of what we hold about a matter and its resident."""

    CONTACT = "contact"
    PLACE = "place"
    PHOTOS = "photos"
    TEXT = "text"


BY_RIGHT = frozenset({Part.CONTACT, Part.PLACE, Part.PHOTOS})
"""What goes when the resident asks for it; the text stays as a record."""

RIGHT, RETENTION = "right", "retention"
"""The grounds: the resident's request, or that the time of keeping is over."""

DECIDED_WITHIN = 15
"""Working days within which the office decides on a request: art. 50 says promptly (及时), GB/T 35273-2020 8.7 thirty
days at most."""
