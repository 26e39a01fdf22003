"""Published answers, as pages and as JSON."""

from apiflask import APIBlueprint
from flask import Blueprint

blueprint = Blueprint("answers", __name__)
api = APIBlueprint("answers_api", __name__, url_prefix="/api/v1", tag="Public")
