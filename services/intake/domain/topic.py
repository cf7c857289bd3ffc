"""What a contact is about: rules that the centre writes, asked in the order of their rank."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from shared.kernel.errors import Invalid

GENERAL = "general"


class TopicRule(msgspec.Struct, frozen=True, kw_only=True):
    """A contact has this topic when it came to the recipient, speaks the language and says a word.

    What is None or empty is not asked. A word counts at the beginning of a word, in any case.
    """

    rank: int
    topic: str
    recipient: str | None = None
    words: tuple[str, ...] = ()
    language: str | None = None


def checked(rules: Sequence[TopicRule]) -> list[TopicRule]:
    """The rules by rank; raises `Invalid` where two have one rank, or one asks for nothing."""
    if len({rule.rank for rule in rules}) < len(rules):
        raise Invalid("two rules have the same rank")
    if not all(rule.recipient or rule.words or rule.language for rule in rules):
        raise Invalid("a rule asks for a recipient, a word or a language")
    return sorted(rules, key=lambda rule: rule.rank)


class TopicRules:
    """The rules of a centre, ready to be asked."""

    def __init__(self, rules: Iterable[TopicRule]) -> None:
        ordered = sorted(rules, key=lambda rule: rule.rank)
        self._rules = [(rule, _pattern(rule.words)) for rule in ordered]

    def topic(self, *, recipient: str, language: str, text: str) -> str:
        """The topic of the first rule that fits, else `general`. Asks at most the first 20,000 characters."""
        lowered = text[:20_000].casefold()
        for rule, words in self._rules:
            if rule.recipient not in (None, recipient) or rule.language not in (None, language):
                continue
            if words is None or words.search(lowered):
                return rule.topic
        return GENERAL


def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word.casefold()) for word in words) + ")")
