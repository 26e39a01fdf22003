"""The door of web servers: the application without its commands, whose libraries every worker would hold in memory."""

import gc
import os
import sys

gc.disable()  # a tenth of the time to load goes into looking through what stays anyway

from liaison.config import find_path, load  # noqa: E402

config = load(find_path(os.environ), os.environ)
sys.modules["httpx._main"] = None  # its command line, of which we use nothing
sys.modules["rich"] = None  # structlog would load it to colour what our logs never colour: 4 MB a worker
if "://" not in config.files.url:
    sys.modules["obstore"] = None  # it speaks to S3, where files do not lie then: 7 MB a worker

from liaison.app import create_app  # noqa: E402

app = create_app(config)
gc.freeze()
gc.enable()
