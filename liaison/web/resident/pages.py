"""The pages a phone opens."""

from flask import Blueprint

blueprint = Blueprint("resident", __name__)
