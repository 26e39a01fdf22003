"""The outside world on one port: WeChat, WeCom and an SMS gateway as far as messages go, with their moods.

For tests, benchmarks and the demo. It knows the providers' documents and nothing of Liaison, which it must not import.
"""

from sandbox.app import create_app
from sandbox.settings import Settings

__all__ = ["Settings", "create_app"]
