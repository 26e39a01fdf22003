"""For how long each kind of data may be kept, and must be; no storage. Days, counted from when it was last needed.

Personal Information Protection Law (个人信息保护法) art. 19: no longer than the purpose needs, unless a law says so.
An installation may keep to shorter terms than the privacy text promises (`liaison/privacy`), never to longer ones, and
may not fall below what a law demands.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """The fewest and most days a setting may have, and why."""

    least: int
    most: int
    reason: str


FOREVER = 36_500
BOUNDS = {
    "contact_days": Bounds(30, 365, "after closing: reopening, looking back and reviews take place within a year"),
    "place_days": Bounds(30, 365, "after closing: as the contact, since it may be the resident's own door"),
    "photos_days": Bounds(30, 1095, "after closing: evidence for three years, in which claims lapse (民法典 art. 188)"),
    "text_days": Bounds(3650, FOREVER, "after closing: a public record, ten years at least (国家档案局令第8号)"),
    "notices_days": Bounds(180, 730, "after closing: proof of who was told what and when"),
    "sessions_days": Bounds(1, 180, "after its end: to see who was signed in"),
    "inbound_days": Bounds(1, 30, "after receipt: what platforms told us names people by their ids there"),
    "idempotency_days": Bounds(2, 180, "after submitting: a phone may send its draft again"),
    "logs_days": Bounds(180, FOREVER, "after the last line: six months at least (网络安全法 art. 21)"),
}
"""By setting. The audit log is not here: its chain is kept whole (`services.audit.KEPT_YEARS` is the least)."""


def faults(days: dict[str, int]) -> list[str]:
    """What is wrong with these settings, one English sentence each."""
    return [
        f"retention.{name}: must be {bounds.least} to {bounds.most} ({bounds.reason})"
        for name, bounds in BOUNDS.items()
        if not bounds.least <= days[name] <= bounds.most
    ]
