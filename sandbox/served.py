"""The WSGI door of `python -m sandbox`."""

import os
from pathlib import Path

from sandbox.app import create_app
from sandbox.settings import FOLDER

app = create_app(folder=Path(os.environ[FOLDER]) if os.environ.get(FOLDER) else None)
