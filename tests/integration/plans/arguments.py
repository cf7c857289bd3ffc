"""What the statements are asked with when they are timed, as SQL; `{{names}}` are those of `words`.

What a request asks is about one contact, also an old one; what a batch asks, about a hundred.
"""

from collections.abc import Mapping
from typing import Final

from tests.support.growth import AT, agents, going_on

FUNCTION = """
create or replace function ids(kind int, n bigint, count int) returns uuid[] immutable language sql as
$$ select array_agg(grown(kind, n - i)) from generate_series(0, count - 1) as i $$
"""
"""The ids of so many up to the n-th."""

Asked = str | Mapping[str, str]
"""One list of arguments, or several by what each asks."""

_INTAKE: Final[Mapping[str, Asked]] = {
    "contacts:SAVE": "array[grown(1, {next})], array[grown(2, 1)], array[grown(3, 1)], '{{email}}',"
    " '{{billing}}', '{{en}}', '{{UTC}}', '{{5}}', '{{null}}', '{{null}}', '{{f}}', array[{now}],"
    " array[grown(4, {next})], array[grown(1, {next})], array[{now}], '{{Parcel}}', '{{Late}}', '{{f}}',"
    " '{{email}}', array[grown(3, 1)], array[grown(5, {next})], array['x'::bytea], '{{<x@y>}}',"
    " '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{null}}',"
    " array[grown(7, {next})], array[grown(1, {next})], array[{now}], array[{now} + interval '1 h'],"
    " '{{target}}', '{{null}}'",
    "contacts:SAVE_ATTACHMENTS": "array[grown(4, {last})], '{{7}}', '{{a.png}}', '{{image/png}}', '{{1}}',"
    " array[sha256('x')]",
    "contacts:EARLIER": "ids(5, {old}, 2)",
    "contacts:THREADS": "array['<{old}@example.org>'], array[grown(6, {old})]",
    "contacts:EXISTING": "ids(1, {old}, 100)",
    "customers:CUSTOMERS": "'{{email,email}}', '{{1@example.org,500@example.org}}'",
    "customers:REGISTER": "array[grown(2, {next})], array[grown(3, {next})], '{{email}}', '{{new@y}}',"
    " '{{Ada}}', '{{en}}', '{{UTC}}', '{{standard}}', array[{now}]",
    "deliveries:CORRESPONDENCE": "ids(1, {last}, 100)",
    "deliveries:WRITE": "array[grown(18, {last})], array[grown(1, {last})], '{{reply}}', '{{email}}',"
    " array[grown(3, 1)], '{{Re}}', '{{Hello}}', '{{f}}', array[{now}], '{{queued}}', '{{null}}', '{{null}}'",
    "deliveries:LEASE": "{now}, 50, {now} + interval '1 min'",
    "deliveries:SETTLE": "array[grown(6, {open})], '{{0}}', '{{sent}}', array[{now}], '{{null}}', '{{null}}'",
    "deliveries:QUEUED": "10000",
    "promises:OF_CONTACTS": "ids(1, {open}, 100)",
    "promises:DUE": "{now} + interval '1 h', 200",
    "promises:SETTLE": "array[grown(7, {open})], '{{void}}', array[{now}]",
    "promises:AT_RISK": "{now}",
    "promises:NEXT_DUE": "",
    "quarantine:KEEP": "array[grown(8, {next})], '{{smtp}}', '{{email}}', '{{x}}', array['x'::bytea],"
    " array['{{}}'::jsonb], array[{now}], array[grown(9, {next})]",
    "quarantine:ENTRIES": {"the first page": "null, 50", "a page far down": "grown(8, {old}), 50"},
    "quarantine:ONE": "grown(8, {old})",
    "quarantine:WAITING": "grown(8, {open})",
    "quarantine:OF_ARRIVAL": "grown(9, {old})",
    "quarantine:USED": "'smtp'",
    "quarantine:COUNT": "10000",
    "quarantine:REPLAYED": "grown(8, {open}), {now}, grown(1, {open})",
    "quiet_contacts:LOCK": "{now} - interval '2 years', 100",
    "quiet_contacts:ACTIVITY": "ids(1, {old}, 100)",
    "quiet_contacts:KEEP": "array[grown(1, {old})], array[{now}]",
    "quiet_contacts:DELETE": "ids(1, {old}, 100)",
    "quiet_contacts:OLDEST": "",
    "tally:ADD": "'{{email}}', '{{1}}', '{{0}}', '{{0}}'",
    "views:CONTACT": "grown(1, {old})",
    "views:PROMISES": "grown(1, {old})",
    "views:MESSAGES": "grown(1, {old}), null, 50",
    "views:ATTACHMENT": "grown(1, {old}), grown(4, {old}), 0::smallint",
}
_ROUTING: Final[Mapping[str, Asked]] = {
    "agents:PAGE": "'', 50",
    "agents:IDLE": "'{{a1,a2}}', {now}",
    "agents:COUNT_MISSED": "'{{a1}}'",
    "budgets:LOCK": "'a1', 'refund', 'EUR', {today}, 100",
    "budgets:SAVE": "'a1', 'refund', 'EUR', {today}, 60",
    "contacts:LOCK": "ids(1, {last}, 100)",
    "contacts:LOCK_FREE": "ids(1, {open}, 100)",
    "contacts:LOCK_WAITING": "ids(1, {open}, 100)",
    "contacts:LIVE": "ids(1, {open}, 100)",
    "contacts:UNPLACED": "1000",
    "contacts:COUNT_UNPLACED": "",
    "contacts:ASK_AGAIN": "{now}",
    "contacts:SAVE": "array[grown(1, {open})], array[grown(2, 1)], '{{email}}', '{{billing}}', '{{en}}',"
    " '{{standard}}', '{{5}}', array[{now}], '{{waiting}}', '{{null}}', '{{q1}}', array[{now}], '{{f}}',"
    " '{{null}}', '{{1}}', '{{1}}', '{{null}}', '{{null}}', array['{{}}'::jsonb], array[''], '{{null}}',"
    " '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{g1}}',"
    " array[grown(10, {next})], array[grown(1, {open})], '{{a1}}', '{{q1}}', '{{email}}', '{{declined}}',"
    " '{{null}}', array[{now}], array[{now}], array[{now}], '{{null}}', '{{null}}', '{{null}}', '{{null}}',"
    " array[{now}], '{{null}}', '{{null}}', '{{null}}'",
    "contacts:DELETE": "ids(1, {old}, 100)",
    "customers:SAVE": "array[grown(2, 1)], '{{Ada}}', '{{en}}', '{{UTC}}', '{{standard}}', '{{2}}'",
    "desk:PRESENCE": "'a1'",
    "desk:HELD": "'a1'",
    "desk:CONTACT": "grown(1, {old}), 'a' || {old} % {agents}",
    "desk:MESSAGES": "grown(1, {old}), null, 50",
    "desk:PARTS.offers": "grown(1, {old})",
    "desk:PARTS.help_steps": "grown(1, {old})",
    "desk:PARTS.notes": "grown(1, {old})",
    "desk:PARTS.actions": "grown(1, {old})",
    "desk:PARTS.resolutions": "grown(1, {old})",
    "history:STEP": "grown(11, {next}), grown(1, {last}), 'a1', 'hear', 'x', {now}",
    "history:NOTE": "grown(12, {next}), grown(1, {last}), 'a1', 'x', {now}",
    "history:ACTION": "grown(13, {next}), grown(1, {last}), 'a1', 'refund', 1, 'EUR', 1, {now}",
    "matching:BEGIN": "",
    "matching:WAITING": '\'[{{"match_group": "g3", "largest": 9999, "beyond": 9999, "able": []}},'
    ' {{"match_group": "g4", "largest": 9999, "beyond": 9999, "able": []}}]\', 100, 1000, {now}',
    "matching:AGENTS": "{today}",
    "matching:SLOTS": "",
    "matching:ROOM": "",
    "matching:LOCK_SLOTS": "'{{a1,a2}}', '{{email,email}}', '{{1,1}}'",
    "messages:SAVE": "array[grown(4, {next})], array[grown(1, {last})], '{{t}}', '{{null}}', '{{null}}',"
    " '{{Ada}}', '{{Re}}', '{{Late}}', array[{now}], '{{received}}', '{{null}}'",
    "offers:ONE": "grown(10, {old}), 'a' || {old} % {agents}",
    "offers:WAS_HELD": "grown(1, {old}), 'a' || {old} % {agents}",
    "offers:DUE": "{now}, 500",
    "offers:NOT_READY": "ids(1, {open}, 100)",
    "offers:NEXT": "",
    "queues:ALL": "",
    "queues:WAITING": "",
    "queues:DECLINED": "1",
    "queues:RECENT": "{now} - interval '1 h', 200",
    "resolutions:INSERT": "grown(14, {next}), grown(1, {last}), 'a1', 'q1', 'solved', 2, {now}",
    "resolutions:SETTLE": "array[grown(14, {last})], '{{confirmed}}', array[{now}]",
}
_FOLLOWUP: Final[Mapping[str, Asked]] = {
    "check_ins:FIND": "grown(15, {old})",
    "check_ins:LOCK": "grown(15, {open})",
    "check_ins:LOCK_DUE": "{now}, 100",
    "check_ins:LOCK_CLOSING": "{now} + interval '1 h', 100",
    "check_ins:NEXT_DUE": "",
    "check_ins:NEXT_CLOSING": "",
    "check_ins:OF_CONTACT": "grown(1, {old}), 0, 50",
    "check_ins:SAVE": "array[grown(15, {next})], array[grown(14, {next})], array[grown(1, {last})],"
    " '{{a1}}', '{{q1}}', '{{2}}', array[{now}], '{{scheduled}}', array[{now}], '{{null}}', '{{null}}',"
    " '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{f}}', '{{null}}', '{{f}}',"
    " '{{f}}'",
    "contacts:INSERT_UNKNOWN": "ids(1, {next} + 100, 100)",
    "contacts:LOCK": "ids(1, {last}, 100)",
    "contacts:LOCK_CHECK_INS": "ids(1, {last}, 100)",
    "contacts:SAVE": "array[grown(1, {last})], array[grown(2, 1)], '{{email}}', '{{en}}', '{{UTC}}',"
    " '{{standard}}', '{{f}}', '{{null}}'",
    "contacts:DELETE": "ids(1, {old}, 100)",
    "customers:SAVE": "ids(2, 100, 100), array_fill('Ada'::text, array[100])",
}
_ANALYTICS: Final[Mapping[str, Asked]] = {
    "facts:INSERT_NEW": "ids(1, {next} + 100, 100), array_fill('{{}}'::text, array[100])",
    "facts:LOCK": "ids(1, {last}, 100)",
    "facts:SAVE": "ids(1, {last}, 100), array_fill('{{}}'::text, array[100])",
    "facts:PAGE": "grown(1, {old}), 200",
    "facts:ESTIMATE": "",
    "generations:ALL": "",
    "rollups:ADD": "0, array[{now}], '{{q1}}', '{{email}}', '{{m1}}', '{{b}}', '{{1}}'",
    "rollups:BY_PERIOD": {
        f"figures of {days} day{'s' if days > 1 else ''}": f"array[{{now}} - interval '{days} day', {{now}}],"
        f" {{now}} - interval '{days} day', {{now}}, '{{{{m1,m2}}}}', null, null"
        for days in (1, 30, 365)
    },
    "rollups:FIRST_PERIOD": "",
    "rollups:SWEEP": "{now} - interval '1 day', {now}, 5000",
    "rollups:DELETE_BEFORE": "0, 5000",
    "rollups:DELETE_AFTER": "0, 5000",
    "watermarks:ADVANCE": "0, '{{t1}}', array[{now}]",
    "watermarks:NEWEST": "",
}
_MESSAGING: Final[Mapping[str, Asked]] = {
    "consumer.inbox:MARK": "ids(92, 100, 100), array_fill(null::text, array[100])",
    "consumer.inbox:MARK_REPEATS": "ids(91, {open} * 6, 100), array_fill(''::text, array[100]), ids(92, 100, 100)",
    "consumer.expired_contacts:RECORD": "ids(19, 100, 100)",
    "consumer.expired_contacts:EXPIRED": "ids(1, {last}, 100)",
    "dead_letters.limit:LOAD": "'x', {now}",
    "outbox.age:AGE": "",
    "outbox.age:HELD": "",
    "outbox.append:APPEND": "array[grown(92, 1)], '{{0}}', '{{rapport.contacts}}',"
    " array[grown(1, {last})::text], '{{x}}', '{{null}}', array['x'::bytea]",
    "outbox.backlog:MEASURE": "500",
    "outbox.cluster:KNOWN": "",
    "outbox.cursor:READ_AFTER_ROW": "'1', 1, 2000, 1000000",
    "outbox.cursor:READ_AFTER_CURSOR": "2000, 1000000",
    "outbox.feed:READ": "'1', 1, 2000",
    "outbox.foreign:LAST": "'{{rapport.contacts}}'",
    "outbox.held_topics:LOAD": "",
    "outbox.held_topics:READ": "'rapport.contacts', '1', 1, 2000",
    "retention:DELETE_OUTBOX": "{now} - interval '3 days', 5000",
    "retention:OLDEST_OUTBOX": "",
    "retention:DELETE_PUBLISHED": "{now} - interval '3 days', 5000",
    "retention:OLDEST_PUBLISHED": "",
    "retention:DELETE_MARKS": "{now} - interval '15 days', 5000",
    "retention:OLDEST_MARK": "",
    "retention:DELETE_EXPIRED": "{now} - interval '15 days', 5000",
    "retention:OLDEST_EXPIRED": "",
}
_HTTP: Final[Mapping[str, Asked]] = {
    "idempotency:RECALL": "'{{a1}}', '{{r}}', '{{1}}', {now} - interval '24 h'",
    "idempotency:REMEMBER": "'{{a1}}', '{{r}}', '{{new}}', array['f'::bytea], '{{200}}', array['x'::bytea], {now}",
    "idempotency:DELETE": "{now} - interval '24 h', 5000",
}
_PACKAGES = {
    **{
        f"services.{service}.adapters.db": asked
        for service, asked in (
            ("intake", _INTAKE),
            ("routing", _ROUTING),
            ("followup", _FOLLOWUP),
            ("analytics", _ANALYTICS),
        )
    },
    "shared.messaging": _MESSAGING,
    "shared.http": _HTTP,
}
ARGUMENTS: Final[Mapping[str, Asked]] = {
    f"{package}.{name}": asked for package, of in _PACKAGES.items() for name, asked in of.items()
}
"""By the name of a statement. What is asked seldom, or of tables of a few rows, is not timed."""


def words(service: str, contacts: int) -> dict[str, str]:
    """The names in the arguments; `old`, `last` and `open` are numbers of contacts."""
    return {
        "old": str(contacts // 2 // 100 * 100),
        "last": str(contacts - going_on(service, contacts)),
        "open": str(contacts),
        "next": str(contacts + 1),
        "now": f"({AT.replace('n *', f'{contacts} *')})",
        "today": f"({AT.replace('n *', f'{contacts} *')})::date",
        "agents": str(agents(contacts)),
    }


def arguments_of(name: str, service: str, contacts: int) -> dict[str, str]:
    """What a statement is asked with, by what that asks; empty: it is not timed."""
    asked = ARGUMENTS.get(name, {})
    each = {"": asked} if isinstance(asked, str) else asked
    named = words(service, contacts)
    return {what: text.format(**named) for what, text in each.items()}
