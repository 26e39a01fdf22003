"""How long each clock runs unless a region has set its own; DOMAIN §3 is the source of every default."""

from types import MappingProxyType

from liaison.domain.clocks import Term

DEFAULT_TERMS = MappingProxyType(
    {
        clock: Term.parse(term)
        for clock, term in {
            "screening": "1 wd",
            "information": "5 wd",
            "verification": "3 wd",
            "dispatch": "1 wd",
            "acknowledgement": "1 wd",
            "return_request": "1 wd",
            "return_decision": "1 wd",
            "consultation": "2 wd",
            "ordinary": "5 wd",
            "complex": "10 wd",
            "hard": "15 wd",
            "urgent": "24 h",
            "rework": "2 wd",
            "review": "2 wd",
            "rating": "15 wd",
            "reopening": "10 wd",
        }.items()
    }
)
COMPLEXITIES = ("consultation", "ordinary", "complex", "hard", "urgent")
