"""The resident's JSON: stations, submitting, following, adding, rating, withdrawing. No account needed."""

from apiflask import APIBlueprint

api = APIBlueprint("resident_api", __name__, url_prefix="/api/v1", tag="Resident")
