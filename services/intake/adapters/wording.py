"""Our words to customers, in their language and their local time; the words are files in `locales/`."""

import tomllib
from datetime import datetime
from pathlib import Path

from services.intake.domain.centre_config import Wording
from shared.i18n.greeting import greeting
from shared.i18n.local_time import local_time

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
        promise = words["acknowledgement"].strip().format(due=local_time(due_at, zone, spoken))
        text = f"{hello}\n\n{promise}\n\n{words['signature']}"
        return Wording(language=spoken, subject=words["subject"], text=text)


def _read_all() -> dict[str, dict[str, str]]:
    return {file.stem: tomllib.loads(file.read_text()) for file in sorted(LOCALES.glob("*.toml"))}
