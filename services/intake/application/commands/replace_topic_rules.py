"""Replacing the rules that tell a contact's topic."""

from collections.abc import Sequence

from services.intake.adapters.db import topic_rules
from services.intake.domain.topic import TopicRule, checked
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def replace_topic_rules(tx: Tx, rules: Sequence[TopicRule]) -> Result[list[TopicRule]]:
    """These are all rules from now on; gives them by rank. Raises `Invalid` where they make no sense."""
    ordered = checked(rules)
    await topic_rules.replace(tx, ordered)
    return Result(ordered)
