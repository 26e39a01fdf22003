"""The door of web servers: the application without its commands, and without what its libraries load for others.

Every worker would hold it in memory, and each start would take longer. What `stand_in` replaces nobody of ours may
import (tests/house/test_imports.py).
"""

import gc
import os

gc.disable()  # a tenth of the time to load goes into looking through what stays anyway

from liaison.config import find_path, load  # noqa: E402
from liaison.left_out import leave_out, stand_in  # noqa: E402

config = load(find_path(os.environ), os.environ)
leave_out("httpx._main", "rich")  # a command line, and colours for logs that are never coloured: 4 MB a worker
stand_in("pydantic", "pydantic.fields", "pydantic.json_schema", "pydantic_core")
# apiflask takes schemas of pydantic as well as marshmallow's; ours are all marshmallow's: 8 MB a worker
stand_in("limits.aio", "limits.aio.storage", "limits.aio.strategies", "redis.asyncio", "redis.asyncio.client")
stand_in("redis.asyncio.cluster", "redis.asyncio.observability", "redis.asyncio.observability.recorder")
# clients that wait without a thread, while each of our requests has one: 2 MB a worker
if "://" not in config.files.url:
    leave_out("obstore")  # it speaks to S3: 4 MB a worker

from liaison.app import create_app  # noqa: E402

app = create_app(config)
gc.freeze()
gc.enable()
