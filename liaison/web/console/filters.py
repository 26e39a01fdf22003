"""The selects a list is narrowed by, ready made: hundreds of options that change only when the registers do."""

from collections.abc import Iterable

from markupsafe import Markup, escape

from liaison.db import lasting
from liaison.domain.actors import Actor
from liaison.web.console.choices import Choices, Pair


class Filters:
    """The options of one actor's list of cases."""

    def __init__(self, actor: Actor) -> None:
        self._actor, self._choices = actor, Choices(actor)

    def options(self, name: str, chosen: str | None) -> Markup:
        """The options of that list of `Choices`, the chosen one marked."""
        whose = f"{self._actor.region_path} {self._actor.station_id or ''}"
        made = lasting(f"options of {name} for {whose}", lambda: _options(self._choices.of(name)))
        if not chosen:
            return made
        value = f'value="{escape(chosen)}"'
        return Markup(str(made).replace(f"{value}>", f"{value} selected>", 1))


def _options(pairs: Iterable[Pair]) -> Markup:
    return Markup("").join(Markup('<option value="%s">%s</option>') % pair for pair in pairs)
