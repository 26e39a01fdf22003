"""What a county may set for itself while the system runs: each number with its default and its bounds.

The words people read stand in `web.preference_words`; why a bound is where it is, here. What is not here is the
installation's (`settings`, a file), a deadline's (`terms`) or the law's.
"""

from dataclasses import dataclass
from types import MappingProxyType

from liaison.domain.errors import Invalid


@dataclass(frozen=True)
class Preference:
    """One number: what it is called in code, the group it is shown in, its default, lowest and highest."""

    key: str
    group: str
    default: int
    lowest: int
    highest: int

    def read(self, typed: str) -> int:
        """The number that was typed. Raises Invalid under the key."""
        text = typed.strip()
        value = int(text) if text.isdecimal() and len(text) < 6 else -1
        if not self.lowest <= value <= self.highest:
            raise Invalid({self.key: [f"请填写 {self.lowest} 到 {self.highest} 之间的整数，或留空沿用。"]})
        return value


_ALL = (
    # Fewer than ten characters name no result; a hundred keep a plain "repaired today, photo attached" out.
    Preference("answer_shortest", "answers", 15, 10, 100),
    # Two years are the longest that residents are told; a season is what roads and pipes need at least.
    Preference("answer_promise", "answers", 730, 90, 730),
    # No more than the longest term itself, or an extension would be worth more than the term.
    Preference("extension_longest", "handling", 15, 3, 15),
    # Half an hour is the most that assessors of 等保三级 accept; below ten minutes answers get lost while written.
    Preference("session_idle", "safety", 30, 10, 30),
    # Of fewer than five a rate points at single people (TRUST); above fifty small stations would never show one.
    Preference("figures_least", "figures", 5, 5, 50),
    Preference("station_silent", "figures", 30, 7, 180),
    Preference("sample_percent", "figures", 10, 1, 50),
)
CATALOGUE = MappingProxyType({each.key: each for each in _ALL})
GROUPS = tuple(dict.fromkeys(each.group for each in _ALL))
