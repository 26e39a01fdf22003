"""What a form starts with: the suggested department and why, the draft that was sent back, a first redaction."""

from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from liaison.domain.actors import Actor
from liaison.models.assignments import Reply
from liaison.services import stations
from liaison.services.departments import retired_departments
from liaison.services.dossiers import Dossier, Duty
from liaison.services.parties import DEPARTMENT
from liaison.services.rosters import deputy_names
from liaison.web.forms import Form
from liaison.web.labels import label, minute


@dataclass(frozen=True)
class Start:
    """The values a form opens with, and why these."""

    values: MultiDict = field(default_factory=MultiDict)
    why: str = ""


def start_of(actor: Actor, form: Form, dossier: Dossier, duty: Duty | None) -> Start:
    """What this form starts with for this viewer."""
    match form.action:
        case "office.dispatch":
            return _dispatch(dossier)
        case "office.hold" if dossier.hold:
            why = f"{label('role', 'office_lead')} {minute(dossier.hold.at)}起暂停删除：{dossier.hold.reason}"
            return Start(MultiDict({"on": "false"}), why)
        case "deputy.hand_over":
            return Start(MultiDict([("departments", code) for code in _suggested(dossier)[:1]]))
        case "assignment.reply" | "assignment.fulfil":
            return _reply(dossier, duty)
    return Start()


def suggestion_words(suggestion: dict) -> str:
    """Why a department was suggested: by which rule or category, and on which words."""
    words = label("route", suggestion["ground"])
    if suggestion.get("reason"):
        words += f"（{suggestion['reason']}）"
    if suggestion.get("matched"):
        words += f"，文中提到“{'”“'.join(suggestion['matched'])}”"
    return words


def passed_over(routing: dict) -> list[tuple[str, str]]:
    """The names of the deputies a matter was not given to, each with the reason's code."""
    passed = routing.get("passed", [])
    names = deputy_names([each["deputy_id"] for each in passed])
    return [(names.get(each["deputy_id"], ""), each["why"]) for each in passed]


def suggested(dossier: Dossier) -> dict[str, str]:
    """Why each department was thought of for a matter, by its code: by the deputy who handed it over, or by rules."""
    advised = [code for event in dossier.events if event.kind == "hand_over" for code in event.data.get("codes", ())]
    found = {each["code"]: suggestion_words(each) for each in _suggestions(dossier)}
    return found | {code: "、".join(["代表上交时建议", *filter(None, [found.get(code)])]) for code in advised}


def _dispatch(dossier: Dossier) -> Start:
    """The lead of the round before, else what the deputy advised, else what the rules suggested."""
    category = stations.find_category(dossier.category.code) if dossier.category else None
    values = MultiDict({"complexity": category.complexity if category else "ordinary"})
    lead, why = _first_choice(dossier)
    if lead:
        values["lead"] = lead
    return Start(values, why)


def _first_choice(dossier: Dossier) -> tuple[str, str]:
    leads = [duty for duty in dossier.duties if duty.assignment.part == "lead" and duty.assignment.state == "approved"]
    before = leads[-1].assignment.department.code if leads else ""
    if dossier.case.state == "reopened" and before and before not in _out_of_question(dossier):
        return before, "已选上一轮的主办单位；重新办理会提高一级责任人。"
    advised = [code for event in dossier.events if event.kind == "hand_over" for code in event.data.get("codes", ())]
    if advised and advised[-1] not in _out_of_question(dossier):
        return advised[-1], "已选代表上交时建议的单位。"
    if suggestions := _suggestions(dossier):
        return suggestions[0]["code"], f"已选建议单位：{suggestion_words(suggestions[0])}。"
    return "", "没有建议单位，请按职责选择。"


def _reply(dossier: Dossier, duty: Duty | None) -> Start:
    """The department's last draft of this round, so that a correction need not be typed anew."""
    drafts = [each for each in dossier.replies if duty and each.assignment_id == duty.assignment.id]
    if not drafts or dossier.case.state == "tracking":
        return Start()
    return Start(_values_of(drafts[-1]), "已填入上次的答复，请在此基础上修改。")


def _values_of(draft: Reply) -> MultiDict:
    values = {"text": draft.text, "outcome": draft.outcome, "measures": draft.measures, "owner": draft.owner}
    return MultiDict(values | ({"promised_on": draft.promised_on.isoformat()} if draft.promised_on else {}))


def _suggestions(dossier: Dossier) -> list[dict]:
    return [each for each in dossier.suggestions if each["code"] not in _out_of_question(dossier)]


def _out_of_question(dossier: Dossier) -> set[str]:
    """The codes of the departments a case is about, as far as the viewer may know, and of those retired since."""
    about = (each.party for each in dossier.barred if not each.row.lifted_at)
    return set(retired_departments()) | {party.code for party in about if party.kind == DEPARTMENT}


def _suggested(dossier: Dossier) -> list[str]:
    return [each["code"] for each in _suggestions(dossier)]
