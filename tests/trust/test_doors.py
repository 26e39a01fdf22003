"""The attacks on our doors in short; and that each sees a door left open."""

import re

import httpx
import pytest
from flask import redirect, request

from liaison.services import inbound
from liaison.settings import Web
from trust import network, pushes, strangers
from trust.stage import Stage

SHORT = {
    pushes.play: 60,
    strangers.csrf: 64,
    strangers.fixation: 6,
    strangers.redirect: 100,
    network.ssrf: 20,
    network.forwarded: 12,
}


@pytest.mark.parametrize("play", SHORT, ids=lambda play: f"{play.__module__}.{play.__name__}")
def test_every_attack_is_withstood(stage: Stage, play) -> None:
    tally = play(stage, SHORT[play])
    assert tally.failures == [] and tally.failed == 0
    assert tally.tried >= SHORT[play]


def test_a_nonce_that_is_forgotten_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "_use", lambda *arguments: None)
    assert any("again" in failure for failure in pushes.play(stage, 30).failures)


def test_a_form_that_is_taken_from_anywhere_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.web.origins.SAFE", ("GET", "HEAD", "OPTIONS", "POST"))
    failures = strangers.csrf(stage, 16).failures
    assert any("another site" in failure for failure in failures) and not any("no token" in each for each in failures)


def test_a_session_that_outlives_its_end_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.services.sign_in.close_session", lambda *arguments: None)
    assert any("after signing out" in failure for failure in strangers.fixation(stage, 6).failures)


def test_an_address_that_leads_away_is_seen(stage: Stage) -> None:
    stage.app.before_request_funcs.setdefault(None, []).append(_lead_away)
    try:
        assert strangers.redirect(stage, 20).failed
    finally:
        stage.app.before_request_funcs[None].remove(_lead_away)


def _lead_away():
    target = request.args.get("next", "")
    return redirect(target) if re.fullmatch("//[a-z.]+", target) else None


class _Following(httpx.BaseTransport):
    """Goes wherever an answer sends it."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Client(transport=self._inner, follow_redirects=True).send(request)


def test_a_call_that_is_sent_on_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = network.Webhook.send

    def send(webhook: network.Webhook, letter: object) -> None:
        webhook._caller._idle.append(_Following(webhook._caller._take()))
        sent(webhook, letter)

    monkeypatch.setattr(network.Webhook, "send", send)
    assert any("it knocked" in failure for failure in network.ssrf(stage, 10).failures)


def test_an_address_that_is_believed_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(*, trusted_proxies: int, **more: object) -> Web:
        return Web(trusted_proxies=trusted_proxies + 1, **more)

    monkeypatch.setattr(network, "Web", trusting)
    monkeypatch.setattr(network, "FORWARDED", ("X-Forwarded-For",))
    assert any("X-Forwarded-For" in failure for failure in network.forwarded(stage, 12).failures)
