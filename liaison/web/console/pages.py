"""The console of departments, office, deputies and stations: importing this module puts every page on its blueprint."""

from liaison.web.console import (  # noqa: F401
    accounts,
    audit,
    bulk,
    calendar,
    cases,
    clock,
    decisions,
    digest,
    factor,
    inbox,
    ladders,
    me,
    merging,
    notices,
    outbox,
    proxy,
    queues,
    reach,
    recoveries,
    rules,
    sign_in,
    stations,
    statistics,
    views,
)
from liaison.web.console.frame import blueprint  # noqa: F401
