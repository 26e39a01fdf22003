"""The publication workshop: the original on the left, what the public will read on the right, photos covered by hand.

The text is redacted before anybody types; what was found is marked in the original. Boxes drawn over a photo are burned
into a new picture by the darkroom; the preview shows that very picture, and the original is never published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from marshmallow import fields
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from liaison.domain.boxes import Box, check_count, read_box, read_boxes, tell_boxes
from liaison.domain.errors import Conflict, DomainError, Invalid, WrongState
from liaison.domain.redaction import marked, redact
from liaison.models.cases import Attachment, Publication
from liaison.services import dossiers, file_check, leftovers, photos, publication, published_photos
from liaison.services.dossiers import Dossier
from liaison.services.publication import PUBLISHABLE
from liaison.services.published_photos import Covered
from liaison.web import schemas
from liaison.web.bodies import check_form
from liaison.web.console.frame import blueprint
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.reading import read_dossier
from liaison.web.uploads import from_form, load
from liaison.web.wiring import now, unit_of_work, wiring

SIDES = ("x", "y", "w", "h")
EMPTY_ROWS = 2
REFUSED = (Invalid, WrongState, Conflict)


class PublishIn(schemas.Publication):
    """What the public may read and see; `checked` says that what is still found was looked at."""

    consent = fields.Boolean(load_default=False)
    checked = fields.Boolean(load_default=False)
    show = fields.List(fields.Integer(), load_default=list)


@dataclass(frozen=True)
class Sheet:
    """One photo as the page shows it: whether it will be published, and where it is covered."""

    file: Attachment
    shown: bool
    boxes: Sequence[Box]

    @property
    def told(self) -> str:
        """The boxes as the address of the preview carries them."""
        return tell_boxes(self.boxes)


@blueprint.get("/publishing/<number>")
@guard("office.publication")
def publishing_page(number: str) -> str:
    """A matter beside what the public would read of it."""
    return _page(read_dossier(number))


@blueprint.post("/publishing/<number>")
@guard("office.publication")
def publishing(number: str) -> AnyResponse | tuple[str, int] | str:
    """Show what the public would see, or publish it."""
    check_form()
    dossier = read_dossier(number)
    try:
        boxes = _boxes(request.form)
        if request.form.get("act") == "preview":
            return _page(dossier, request.form, boxes, preview=True)
        body = _body(request.form)
        _refuse_leftovers(dossier, body)
        _publish(dossier, body, boxes)
    except REFUSED as error:
        return _page(dossier, request.form, _readable(request.form), error=error), status_of(error)
    flash("已公开。公众现在看到的就是预览里的样子。")
    return redirect(url_for("console.publishing_page", number=number), 303)


@blueprint.get("/publishing/<number>/photos/<int(max=9999):position>")
@guard("office.publication")
def publishing_photo(number: str, position: int) -> Response:
    """A photo covered by the boxes in the address, as it would be published; nothing is kept."""
    boxes = read_boxes(request.args.get("boxes", ""))
    file = dossiers.find_file(current_actor(), number, position)
    made = photos.cover(file_check.read_sound(wiring().store, file), [box.shares for box in boxes])
    return send_file(BytesIO(made.full), mimetype=made.mime, etag=False)


def _publish(dossier: Dossier, body: dict, boxes: Mapping[int, Sequence[Box]]) -> None:
    """Cover and keep the chosen photos, then publish all of it in one transaction."""
    store, number, files = wiring().store, dossier.case.number, {file.position: file for file in _pictures(dossier)}
    covered = []
    for position in dict.fromkeys(body["show"]):
        if position in files:
            where = boxes.get(position, ())
            made = photos.cover(file_check.read_sound(store, files[position]), [box.shares for box in where])
            covered.append(Covered(position, where, photos.keep(store, made)))
    told = {name: body[name] for name in ("title", "text", "answer", "consent", "because")}
    with unit_of_work():
        publication.publish(current_actor(), number, **told, photos=covered, now=now())


def _refuse_leftovers(dossier: Dossier, body: dict) -> None:
    """Raise Invalid when the text still tells of somebody and nobody said that it was looked at."""
    words = [body["title"], body["text"], body["answer"]]
    with unit_of_work():
        left = leftovers.find_leftovers(current_actor(), dossier.case.number, words, wiring().keys)
    if left and not body["checked"]:
        raise Invalid({"checked": [*left, "确认逐字看过、仍要公开的，请勾选“已逐字检查”再公开。"]})


def _page(
    dossier: Dossier,
    typed: MultiDict | None = None,
    boxes: Mapping[int, Sequence[Box]] | None = None,
    *,
    preview: bool = False,
    error: DomainError | None = None,
) -> str:
    published = publication.find_published(current_actor(), dossier.case.number)
    original = _original(dossier)
    return render_template(
        "console/publishing.html",
        case=dossier.case,
        original={name: marked(words) for name, words in original.items()},
        values=typed or _start(original, published),
        sheets=_sheets(dossier, typed, boxes, published),
        published=published,
        publishable=dossier.case.state in PUBLISHABLE,
        preview=preview,
        error=error,
        errors=error.errors if isinstance(error, Invalid) else {},
        empty_rows=EMPTY_ROWS,
    )


def _original(dossier: Dossier) -> dict[str, str]:
    answers = [each for each in dossier.replies if each.approved_at]
    answer = answers[-1].text if answers else ""
    return {"title": dossier.case.title, "text": dossier.text, "answer": answer}


def _start(original: Mapping[str, str], published: Publication | None) -> MultiDict:
    """What was published, else the original with all that was found covered."""
    if published:
        return MultiDict({name: getattr(published, name) for name in original} | {"consent": "true"})
    return MultiDict({name: redact(words) for name, words in original.items()})


def _sheets(
    dossier: Dossier, typed: MultiDict | None, boxes: Mapping[int, Sequence[Box]] | None, published: Publication | None
) -> list[Sheet]:
    kept = {photo.position: photo for photo in published_photos.photos_of(published.case_id)} if published else {}
    chosen = typed.getlist("show") if typed is not None else [str(position) for position in kept]
    drawn = boxes if boxes is not None else {position: _kept_boxes(photo.boxes) for position, photo in kept.items()}
    return [Sheet(file, str(file.position) in chosen, drawn.get(file.position, ())) for file in _pictures(dossier)]


def _kept_boxes(rows: Sequence[Sequence[float]]) -> list[Box]:
    return [Box(*row) for row in rows]


def _pictures(dossier: Dossier) -> list[Attachment]:
    """Every photo of the resident's and of answers that were signed."""
    answered = [file for reply in dossier.replies if reply.approved_at for file in reply.files]
    return [file for file in (*dossier.files, *answered) if file.mime.startswith("image/")]


def _body(form: MultiDict) -> dict:
    schema = PublishIn()
    return load(schema, from_form(schema, MultiDict((k, v) for k, v in form.items(multi=True) if k in schema.fields)))


def _boxes(form: MultiDict) -> dict[int, tuple[Box, ...]]:
    """The boxes of each photo: rows of `of`, `x`, `y`, `w`, `h`. Raises Invalid for `boxes`."""
    found: dict[int, list[Box]] = {}
    for of, *values in zip(form.getlist("of"), *(form.getlist(side) for side in SIDES), strict=False):
        box = read_box(values)
        if box and of.isdecimal() and len(of) <= 4:
            found.setdefault(int(of), []).append(box)
    return {position: check_count(boxes) for position, boxes in found.items()}


def _readable(form: MultiDict) -> dict[int, tuple[Box, ...]]:
    """The boxes once more for a page that says what was wrong with them: none, if they are what was wrong."""
    try:
        return _boxes(form)
    except Invalid:
        return {}
