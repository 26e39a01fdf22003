"""Tells the demo town's matters behind the running pages: `python -m liaison.demo.telling`, once and to the end."""

import os
from datetime import UTC, datetime

from liaison.app import create_app
from liaison.config import find_path, load
from liaison.demo.seed import tell
from liaison.folder import UNFINISHED

POLITE = 10  # whoever opens a page meanwhile comes first


def main() -> None:
    """Tell what is not told yet; ends with status 0 when all of it is."""
    os.nice(POLITE)
    config = load(find_path(os.environ), os.environ)
    app = create_app(config)
    with app.app_context():
        tell(app.extensions["liaison"].keys, datetime.now(UTC))
    (config.instance / UNFINISHED).unlink()


if __name__ == "__main__":
    main()
