"""What a resident is asked for and may take back, purpose by purpose; no storage.

Personal Information Protection Law (个人信息保护法): consent is voluntary, explicit and informed (art. 14), may be
taken back at any time, easily, and without effect on what was done before (art. 15), and no service may be refused
for want of it unless it cannot do without (art. 16); what is done with the information is told before, in plain words
and in full (art. 17). Handling the matter itself rests on the statutory duty of the congress (art. 13, first paragraph,
no. 3; 代表法), so that `PROCESSING` only keeps which text the resident was shown. The others are consents, each apart.
"""

from enum import StrEnum


class Purpose(StrEnum):
    """What the information is used for."""

    PROCESSING = "processing"
    SHARING = "sharing"
    NOTICES = "notices"
    PUBLICATION = "publication"


SWITCHED = (Purpose.SHARING, Purpose.NOTICES, Purpose.PUBLICATION)
"""Those a resident may agree to and take back by themselves; to end the processing is to ask for erasure (art. 47)."""
