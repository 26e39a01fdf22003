"""The console's pages: signing in, boxes, the case page with its moves, rules, rosters, proxy entry."""

import re

import pytest

from liaison.db import transaction
from liaison.services import intake

TEXT = "老街口的路灯坏了三天，晚上接孩子看不见路，我的电话是13800138000。"


@pytest.fixture
def told(app, town, keys, clock):
    """A matter told at the eastern station."""
    from liaison.domain.actors import Actor, Role
    with transaction():
        return intake.submit(
            Actor(Role.RESIDENT), "S001", intake.Submission(TEXT, category="roads"),
            key="k" * 32, digest="d", keys=keys, now=clock(),
        ).case.number


@pytest.mark.parametrize("who", ["office", "office_lead", "deputy", "water_handler", "water_approver", "liaison", "supervisor", "administrator", "auditor"])
def test_home(browser, told, who):
    page = browser(who).get("/console/")
    assert page.status_code == 200, page.text
    print(page.text)


def test_case(browser, told):
    page = browser("office").get(f"/console/cases/{told}")
    assert page.status_code == 200
    print(page.text)
