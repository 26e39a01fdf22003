"""The outbox as a page: what is on its way, what could not be sent or is in doubt, and what people decide about it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from liaison.domain.errors import DomainError, NotFound, WrongState
from liaison.domain.policy import may
from liaison.services import channel_board, outbox
from liaison.services.outbox import DEAD, DECIDED, NOBODY, Filter
from liaison.web.console.frame import blueprint
from liaison.web.console.inputs import ChannelIn
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.labels import label
from liaison.web.paging import page
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work

ONE = "<any(take, send_again, release, cancel):act>"
ALL = "<any(send_again, release, cancel):act>"


@blueprint.get("/outbox")
@guard("outbox.read")
def outbox_page() -> str:
    """The notices of one state within reach, narrowed by channel and error; those that wait for a person first."""
    return _page()


@blueprint.get("/outbox/<uuid:notice_id>")
@guard("outbox.read")
def outbox_notice(notice_id: UUID) -> str:
    """One notice with its whole way, and what went into it when it is a bundle."""
    actor = current_actor()
    line = outbox.get_line(actor, notice_id)
    carried = outbox.carried_by(actor, notice_id) if line.carried else []
    return render_template(
        "console/outbox_notice.html",
        line=line,
        carried=carried,
        wanted=Filter(line.notice.state),
        acts=_acts(line.notice.state),
        links=may(actor.role, "console.case"),
    )


@blueprint.post("/outbox/resume")
@guard("channel.resume")
def channel_resume() -> Response | tuple[str, int]:
    """Use a paused channel again at once."""
    body = read_body(ChannelIn())
    try:
        with unit_of_work():
            channel_board.resume(current_actor(), body["channel"], now())
    except WrongState as error:
        return _page(error), status_of(error)
    flash(f"{label('via', body['channel'])}已恢复使用。")
    return redirect(url_for("console.outbox_page"), 303)


@blueprint.post(f"/outbox/<uuid:notice_id>/{ONE}")
@guard("outbox.write")
def outbox_decide(notice_id: UUID, act: str) -> Response | tuple[str, int]:
    """Make a decision about one notice; what somebody else decided meanwhile is shown instead."""
    try:
        with unit_of_work():
            outbox.decide(current_actor(), act, notice_id, now=now())
    except (WrongState, NotFound) as error:
        return _page(error), status_of(error)
    flash(f"已完成：{label('act', act)}。")
    return redirect(url_for("console.outbox_page", **request.args), 303)


@blueprint.get(f"/outbox/all/{ALL}")
@guard("outbox.write")
def outbox_confirm(act: str) -> str:
    """Ask whether the decision is meant for all notices of the filter."""
    wanted = Filter(DECIDED[act], *_narrowed())
    count = outbox.count(current_actor(), wanted)
    return render_template(
        "console/outbox_confirm.html",
        act=act,
        count=count,
        wanted=wanted,
        here=_here(wanted),
        until=now(),
        most=outbox.MOST_AT_ONCE,
    )


@blueprint.post(f"/outbox/all/{ALL}")
@guard("outbox.write")
def outbox_decide_all(act: str) -> Response:
    """Make the decision about all notices of the filter that were there when it was asked."""
    with unit_of_work():
        count = outbox.decide_all(current_actor(), act, Filter("", *_narrowed()), until=_until(), now=now())
    flash(f"已{label('act', act)} {count} 条。" if count else "没有需要处理的通知，可能已由他人处理。")
    return redirect(url_for("console.outbox_page"), 303)


def _page(error: DomainError | None = None) -> str:
    actor, wanted = current_actor(), Filter(request.args.get("state", ""), *_narrowed())
    counts = outbox.counts(actor, wanted)
    if not wanted.state:
        first = next((state for state in dict.fromkeys(DECIDED.values()) if counts[state]), "due")
        wanted = replace(wanted, state=first)
    owned = "owned" in request.args
    lines, following = page(
        lambda after, limit: outbox.lines(actor, wanted, after=after, limit=limit, owned=owned),
        lambda line: line.cursor,
    )
    channels, errors = outbox.choices(actor, wanted)
    return render_template(
        "console/outbox.html",
        lines=lines,
        following=following,
        counts=counts,
        wanted=wanted,
        here=_here(wanted),
        unowned=outbox.count(actor, Filter(DEAD, owner=NOBODY)) if wanted.state == DEAD else 0,
        asked=request.args,
        channels=channels,
        errors=errors,
        error=error,
        board=channel_board.board(now()),
        checks=channel_board.checks(now()),
        resumes=may(actor.role, "channel.resume"),
        acts=_acts(wanted.state),
        links=may(actor.role, "console.case"),
    )


def _acts(state: str) -> list[str]:
    """What the viewer may decide about notices of that state."""
    writes = may(current_actor().role, "outbox.write")
    return [act for act, about in DECIDED.items() if about == state] if writes else []


def _here(wanted: Filter) -> dict[str, str]:
    """The filter without its state, as the addresses of this page carry it."""
    told = {"channel": wanted.channel, "error": wanted.error, "owner": wanted.owner}
    return {name: value for name, value in told.items() if value}


def _narrowed() -> tuple[str, str, str]:
    """The channel, the error and the owner asked for."""
    return request.args.get("channel", ""), request.args.get("error", ""), request.args.get("owner", "")


def _until() -> datetime:
    """The moment the confirmation was asked at, so that what came since is not decided unseen."""
    try:
        until = datetime.fromisoformat(request.form.get("until", ""))
    except ValueError:
        raise BadRequest from None
    if until.tzinfo is None:
        raise BadRequest
    return until
