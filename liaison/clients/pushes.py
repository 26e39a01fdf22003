"""What platforms tell us unasked, in our own words: the shape in which every reader hands it on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DELIVERY = "delivery"
"""The kind of a push that says how a message of ours ended: `status` is DELIVERED or FAILED, `reason` why.

Which message is said by `provider_id`, the platform's own id of it, or by `client_message_id`, ours.
"""

CHECKED = "checked"
"""The kind of a push that says what a file may be: `trace_id` names it, `suggest` and `hint` as in `domain.safety`.

With an `error` it says that nobody could look.
"""

CONSENTS = "consents"
"""The kind of a push that says what a phone lets us send: `openid`, `what` (popup, change or sent), and by template, as
`template:<id>`, the platform's word for it."""

DELIVERED, FAILED = "delivered", "failed"


class Unreadable(Exception):
    """What came is not what it should be; says in what way, and nothing of what it holds."""


@dataclass(frozen=True)
class Push:
    """One thing told: `kind` is a word of ours, or the platform's own behind its name where we have none."""

    kind: str
    said: Mapping[str, str] = field(repr=False)
