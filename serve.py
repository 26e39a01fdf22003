"""The door of web servers: the application without its commands, and without what its libraries load for others.

Every worker would hold it in memory, and each start would take longer.
"""

import gc
import os
import sys

gc.disable()  # a tenth of the time to load goes into looking through what stays anyway

from liaison.clients.folders import is_folder  # noqa: E402
from liaison.config import find_path, load  # noqa: E402

config = load(find_path(os.environ), os.environ)
sys.modules["rich"] = sys.modules["httpx._main"] = None
# structlog would colour what our logs never colour, and httpx has a command line: 4 MB a worker
if is_folder(config.files.url):
    sys.modules["obstore"] = None  # it speaks to S3: 4 MB a worker

from liaison.app import create_app  # noqa: E402

app = create_app(config)
gc.freeze()
gc.enable()
