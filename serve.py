"""The door of web servers: the application without its commands, whose libraries every worker would hold in memory."""

import gc
import sys

gc.disable()  # a tenth of the time to load goes into looking through what stays anyway
sys.modules["rich"] = None  # structlog would load it to colour what our logs never colour: 4 MB a worker

from liaison.app import create_app  # noqa: E402

app = create_app()
gc.freeze()
gc.enable()
