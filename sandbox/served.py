"""The WSGI door of `python -m sandbox`."""

import os
from pathlib import Path

from sandbox.app import create_app
from sandbox.settings import FOLDER, settings_in

_folder = Path(os.environ[FOLDER]) if os.environ.get(FOLDER) else None
app = create_app(settings_in(_folder) if _folder else None, folder=_folder)
