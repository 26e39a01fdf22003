"""The door of web servers: the application without its commands, whose libraries every worker would hold in memory."""

import gc

from liaison.app import create_app

app = create_app()
gc.freeze()  # what was loaded stays: no collection need look at it again
