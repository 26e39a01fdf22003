"""Leaves libraries out of a process that others of its libraries load, and that nothing in it uses.

Every web worker would hold them in memory. What is put in the place of one that must be there to be loaded from can be
named and compared with, and does nothing else: whoever would work with it gets an error, never a silent nothing.
"""

import sys
from types import ModuleType


class _Named(type):
    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing


class Nothing(metaclass=_Named):
    """Stands for every class and function of what was left out; nothing is an instance of it."""

    def __new__(cls, *_: object, **__: object) -> "Nothing":
        """Raises RuntimeError."""
        raise RuntimeError("what is called here was left out of web servers (serve.py)")


class _Empty(ModuleType):
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing


def leave_out(*names: str) -> None:
    """Have modules not be there, where those who load them can do without."""
    sys.modules.update(dict.fromkeys(names))


def stand_in(*names: str) -> None:
    """Have empty modules be there, where those who load them cannot."""
    for name in names:
        sys.modules[name] = _Empty(name)
