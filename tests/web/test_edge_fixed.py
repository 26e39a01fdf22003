"""What search engines and finders of faults are told at fixed addresses."""

from dataclasses import replace
from datetime import datetime
from urllib.robotparser import RobotFileParser

from flask import Flask
from flask.testing import FlaskClient

from tests.support.clock import FakeClock


def test_search_engines_read_what_is_public_alone(client: FlaskClient) -> None:
    told = client.get("/robots.txt")
    rules = RobotFileParser()
    rules.parse(told.text.splitlines())
    for path in ("/", "/s/S001", "/public", "/public/M2026-000001-X", "/public/anchors"):
        assert rules.can_fetch("any", path), path
    for path in ("/m", "/m/M2026-000001-X", "/files/M2026-000001-X/1", "/console/", "/api/v1/me", "/metrics"):
        assert not rules.can_fetch("any", path), path


def test_finders_of_faults_are_told_whom_to_tell_once_the_settings_say_so(
    app: Flask, client: FlaskClient, clock: FakeClock
) -> None:
    assert "Contact: http://testserver\n" in client.get("/.well-known/security.txt").text
    usual = app.extensions["liaison"]
    site = replace(usual.config.site, security_contact="mailto:security@example.gov.cn")
    app.extensions["liaison"] = replace(usual, config=replace(usual.config, site=site))
    try:
        told = client.get("/.well-known/security.txt", headers={"Host": "evil.example"})
    finally:
        app.extensions["liaison"] = usual
    fields = dict(line.split(": ", 1) for line in told.text.splitlines())
    assert (told.mimetype, fields["Contact"]) == ("text/plain", "mailto:security@example.gov.cn")
    assert 0 < (datetime.fromisoformat(fields["Expires"]) - clock()).days < 365
    assert fields["Canonical"] == "http://testserver/.well-known/security.txt"
