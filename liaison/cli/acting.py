"""Who acts when a command runs: the operating system's account, since the commands have no sign-in of their own."""

import os
import pwd

from liaison.domain.actors import Actor, Role


def operator() -> Actor:
    """The operator, under the name the machine knows."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:  # a container's account without a name
        name = f"uid {number}"
    return Actor(Role.SYSTEM, name)
