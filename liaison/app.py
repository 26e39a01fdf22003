"""The composition root: the only place that wires configuration, database, files, queue and web together."""

import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from apiflask import APIFlask
from flask import Flask, g, request
from flask_wtf import CSRFProtect
from redis import Redis
from redis.exceptions import RedisError
from werkzeug.middleware.proxy_fix import ProxyFix

from liaison import wall
from liaison.clients import bell
from liaison.clients.files import open_store
from liaison.clients.once import Once
from liaison.clients.presence import Presence
from liaison.clock import DatabaseClock
from liaison.config import find_path, find_words, load
from liaison.cursors import Cursor
from liaison.db import database_time, db, engine_url, let_go
from liaison.domain.access import AccessRules
from liaison.domain.actors import Role
from liaison.keys import KeyReader
from liaison.lines import to_database
from liaison.logs import begin_request, set_up
from liaison.models.base import new_id
from liaison.services import content_checks
from liaison.services.channels import AT_ANY_HOUR, CHANNELS, SUBSCRIBE
from liaison.services.claims import TEMPLATES
from liaison.services.sign_in import RULES
from liaison.settings import Config
from liaison.ways_out import installed, open_codes, open_js_sdk, open_mini_program, open_oauth, open_wecom_door
from liaison.web import (
    addresses,
    bodies,
    compression,
    described,
    errors,
    files,
    headers,
    labels,
    languages,
    limits,
    origins,
    sessions,
)
from liaison.web.console import department_api, office_api
from liaison.web.console import pages as console
from liaison.web.deputy import api as deputy
from liaison.web.deputy import phones
from liaison.web.open import anchors, answers, boards, callbacks, checked, deputies, duty, fixed, health
from liaison.web.resident import api as resident
from liaison.web.resident import display, own, pages, printing, privacy, receipts, rights, tracking, visitors, wechat
from liaison.web.wiring import Wiring

Clock = Callable[[], datetime]
PAGES = (
    health.blueprint,
    callbacks.blueprint,
    boards.blueprint,
    duty.blueprint,
    checked.blueprint,
    anchors.blueprint,
    fixed.blueprint,
    answers.blueprint,
    deputies.blueprint,
    pages.blueprint,
    display.blueprint,
    tracking.blueprint,
    own.blueprint,
    wechat.blueprint,
    receipts.blueprint,
    privacy.blueprint,
    rights.blueprint,
    printing.blueprint,
    files.blueprint,
    console.blueprint,
)
APIS = (answers.api, resident.api, rights.api, sessions.api, deputy.api, phones.api, department_api.api, office_api.api)
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a proxy in front may call a request: nothing that could look like another line or field of a log."""

POOL_SIZE = 8  # one connection per thread of a web process


def create_app(config: Config | None = None, *, clock: Clock | None = None, works_as: str | None = None) -> Flask:
    """The application, ready to serve, by the database's clock unless told another.

    `works_as` is the database role of a process that serves no requests.

    Raises ConfigError when no configuration is given and the found one is wrong.
    """
    config = config or load(find_path(os.environ), os.environ)
    set_up(config.logging.level, as_json=config.logging.json)
    app = APIFlask(
        "liaison",
        title="码上联 Liaison",
        version="1",
        json_errors=False,
        spec_path="/api/v1/openapi.json",
        docs_path=None,
    )
    app.config.update(_settings(config, works_as))
    app.json.ensure_ascii = False
    app.ensure_sync = lambda function: function  # no view and no hook of ours is a coroutine, and each is asked
    db.init_app(app)
    app.teardown_appcontext(lambda error: let_go())  # before the extension ends the session, and more gently
    headers.register(app, https=_is_https(config))
    compression.register(app)
    bodies.register(app)
    origins.register(app, config.base_url)
    csrf = CSRFProtect(app)
    if config.web.trusted_proxies:
        # Only who asks: what we are called and how we are reached is base_url's to say, and a proxy may pass on a lie.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.web.trusted_proxies, x_proto=0, x_host=0)
    app.extensions["liaison"] = _wiring(config, clock or _database_clock(app))
    _log_requests(app)
    app.before_request(wall.stand_outside)
    addresses.register(app)
    limits.register(app, config.redis.url)
    described.register(app)
    errors.register(app)
    languages.register(app)
    labels.register(app)
    display.register(app)
    visitors.register(app)
    for blueprint in PAGES + APIS:
        app.register_blueprint(blueprint)
    for blueprint in APIS:
        csrf.exempt(blueprint)  # they take no cookie, so that there is nothing for another site to ride on
    csrf.exempt(callbacks.blueprint)  # takes no cookie either, but a signature
    csrf.exempt(pages.submit_form)  # checks the token itself, to give back what was typed when it is stale
    return app


def _settings(config: Config, works_as: str | None) -> dict[str, object]:
    return {
        "SECRET_KEY": config.secrets.session,
        "SQLALCHEMY_DATABASE_URI": engine_url(config.database.url),
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": POOL_SIZE,
            "connect_args": to_database(config.database.url) | {"cursor_factory": Cursor},
            "hide_parameters": True,
            "execution_options": {
                CHANNELS: installed(config),
                AT_ANY_HOUR: config.demo,
                TEMPLATES: {SUBSCRIBE: config.wechat.template},
                wall.ROLE: works_as,
                RULES: _access_rules(config),
                content_checks.RULES: content_checks.Rules(find_words(config), asks=config.checks.wechat),
            },
        },
        "MAX_CONTENT_LENGTH": config.web.max_body_bytes,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form filled in over lunch must not be lost
        "WTF_CSRF_SSL_STRICT": False,  # asks for a Referer, which our own pages forbid; `origins` looks at Origin
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": _is_https(config),
        "OPENAPI_VERSION": "3.1.0",
    }


def _access_rules(config: Config) -> AccessRules:
    told = config.accounts
    return AccessRules(
        factor_roles=frozenset(map(Role, told.factor_roles)),
        shortest=told.password_length,
        remembered=told.passwords_remembered,
        oldest=timedelta(days=told.password_days),
    )


def _wiring(config: Config, clock: Clock) -> Wiring:
    redis = Redis.from_url(config.redis.url, socket_timeout=1, socket_connect_timeout=1)
    wake, queue_answers = partial(bell.ring, redis), partial(_answers, redis)
    keys = KeyReader(config)
    store, once, look = open_store(config.files.url), Once(redis).first, Presence(redis).look
    doors = (open_mini_program, open_oauth, open_wecom_door, open_js_sdk, open_codes)
    return Wiring(config, keys, store, clock, wake, queue_answers, once, look, *(door(config, redis) for door in doors))


def _database_clock(app: Flask) -> Clock:
    def read() -> datetime:
        with app.app_context():
            return database_time()

    return DatabaseClock(read)


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


def _is_https(config: Config) -> bool:
    return config.base_url.startswith("https://")


def _log_requests(app: Flask) -> None:
    log = structlog.get_logger("liaison.web")

    @app.before_request
    def begin() -> None:
        told = request.headers.get("X-Request-Id", "")
        begin_request(told if REQUEST_ID.fullmatch(told) else str(new_id()))
        g.logger = log

    @app.after_request
    def finish(response):
        log.info("request", method=request.method, endpoint=request.endpoint, status=response.status_code)
        return response
