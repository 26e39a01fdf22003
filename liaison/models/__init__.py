"""All models, imported once so that the metadata is complete."""

from liaison.models import (  # noqa: F401
    assignments,
    audit,
    cases,
    clocks,
    departments,
    inbound,
    matters,
    notices,
    people,
    regions,
    stations,
    vault,
)
