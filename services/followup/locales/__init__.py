"""Words to customers, one file per language."""

from services.followup.locales.de import GERMAN
from services.followup.locales.en import ENGLISH
from services.followup.locales.mn import MONGOLIAN
from services.followup.locales.te import TELUGU

LANGUAGES = {"en": ENGLISH, "de": GERMAN, "te": TELUGU, "mn": MONGOLIAN}
