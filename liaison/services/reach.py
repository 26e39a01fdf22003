"""How far an actor reaches, as one condition every query of cases and assignments carries (DOMAIN §5)."""

from sqlalchemy import ColumnElement, and_, exists, false, select

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Actor, Role
from liaison.models.assignments import Assignment
from liaison.models.cases import Case


def cases_within(actor: Actor) -> ColumnElement[bool]:
    """The cases an actor may know of: own, own station's, own department's, or own region's and below."""
    if actor.role is Role.RESIDENT:
        return Case.id == actor.case_id
    if actor.role is Role.DEPUTY:
        return and_(Case.deputy_id == actor.deputy_id, Case.state != "submitted")
    if actor.role is Role.LIAISON:
        return Case.station_id == actor.station_id
    if actor.role in DEPARTMENT_ROLES:
        return exists().where(Assignment.case_id == Case.id, assignments_within(actor))
    if actor.role in OFFICE_ROLES:
        return Case.region_path.startswith(actor.region_path, autoescape=True)
    return false()


def assignments_within(actor: Actor) -> ColumnElement[bool]:
    """The assignments an actor may know of; a department keeps sight of those it returned."""
    if actor.role in DEPARTMENT_ROLES:
        return Assignment.department_id == actor.department_id
    if actor.role in OFFICE_ROLES or actor.role is Role.DEPUTY:
        return Assignment.case_id.in_(select(Case.id).where(cases_within(actor)))
    return false()
