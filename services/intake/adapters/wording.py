"""Our words to customers, in their language and their local time; the words are files in `locales/`."""

import tomllib
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from services.intake.domain.centre_config import Wording
from shared.i18n.greeting import greeting
from shared.i18n.local_time import local_time
from shared.i18n.time_zones import time_zone

LOCALES = Path(__file__).parents[1] / "locales"


class Wordings:
    """Acknowledgements in every language there is a file for; others get `fallback`."""

    def __init__(self, fallback: str) -> None:
        self._words = _read_all()
        self._fallback = fallback

    def acknowledgement(self, language: str, zone: str, due_at: datetime, name: str) -> Wording:
        """That we have it, and by when a person replies: the time, where the customer is."""
        spoken = language if language in self._words else self._fallback
        words = self._words[spoken]
        hello = greeting(name, named=words["greeting"], unnamed=words["greeting_unnamed"])
        promise = _promise(words["acknowledgement"], spoken, zone, due_at)
        text = f"{hello}\n\n{promise}\n\n{words['signature']}"
        return Wording(language=spoken, subject=words["subject"], text=text)


@lru_cache(maxsize=10_000)
def _promise(words: str, language: str, zone: str, moment: datetime) -> str:
    """The words with their moment; promises are whole minutes, so few are ever asked for."""
    local = local_time(moment, time_zone(zone), language)
    return words.strip().format(date=local.date, time=local.time, zone=local.zone)


def _read_all() -> dict[str, dict[str, str]]:
    return {file.stem: tomllib.loads(file.read_text()) for file in sorted(LOCALES.glob("*.toml"))}
