"""All models, imported once so that the metadata is complete."""

from liaison.models import (  # noqa: F401
    assignments,
    audit,
    boards,
    cases,
    checks,
    clocks,
    conflicts,
    departments,
    desk,
    imports,
    inbound,
    matters,
    notices,
    people,
    preferences,
    regions,
    rights,
    stations,
    vault,
)
