"""Services that have grown old: rows as years of work leave them, made by the database itself.

Most of it is over, and a little is still going on: what is asked for again and again is what is rare. A
few customers came hundreds of times; outbox, inbox and keys are as old as they are kept.
"""

from collections.abc import Iterator

from shared.database.database import Tx

FUNCTION = """
create or replace function grown(kind int, n bigint) returns uuid immutable language sql as
$$ select (lpad(to_hex(n), 12, '0') || '7000800000' || lpad(to_hex(kind), 10, '0'))::uuid $$
"""
PER_DAY = 10_000
"""So many contacts a day."""
AT = "timestamptz '2023-06-01' + n * interval '8.64 seconds'"
CUSTOMER = "1 + floor({customers} * power((n * 2654435761 % 4294967296) / 4294967296.0::float8, 1.5))::bigint"
"""Whose contact the n-th is: four each, of the first one some hundred."""

MESSAGING = """
with filled as (
  insert into outbox (event_id, topic, key, type, value, created_at)
  select grown(90, n * 4 + e), 'rapport.contacts', convert_to(grown(1, n)::text, 'UTF8'), 'x',
    convert_to(repeat('x', 700), 'UTF8'), {at} from {published}, generate_series(0, 3) as e
  returning xid, position
)
insert into relay_cursor (id, xid, position, cluster)
select 1, xid, position, system_identifier from filled, pg_control_system()
order by position desc offset 50 limit 1;
insert into stream (subject, seq, xid) select grown(1, n)::text, 3, '1' from {rows};
insert into published (topic, partition, base_offset, positions, published_at)
select 'rapport.contacts', n % 12, n, array[4 * n, 4 * n + 1, 4 * n + 2, 4 * n + 3], {at}
from {published};
insert into inbox (event_id, received_at)
select grown(91, n * 6 + e), {at} from {marked}, generate_series(0, 5) as e;
"""
INTAKE = """
insert into expired_contact select grown(20, n), {at} from {marked};
insert into customer select grown(2, n), 'Ada', 'en', 'UTC', 'standard', {at} from {people};
insert into contact_point
select grown(3, n), 'email', n || '@example.org', grown(2, n) from {people};
insert into contact (contact_id, customer_id, contact_point_id, channel, topic, language, time_zone,
  priority, automatic, received_at)
select grown(1, n), grown(2, {customer}), grown(3, {customer}), 'email', 'billing', 'en', 'UTC', 5,
  false, {at} from {rows};
insert into message (message_id, contact_id, written_at, subject, text, automatic, channel,
  contact_point_id, arrival_key, digest, mail_id)
select grown(4, n), grown(1, n), {at}, 'Parcel', {text}, false, 'email', grown(3, {customer}),
  grown(5, n), sha256(n::text::bytea), '<' || n || '@example.org>' from {rows};
insert into message (message_id, contact_id, written_at, subject, text, automatic, channel,
  contact_point_id, kind, state, next_attempt_at, settled_at)
select grown(6, n), grown(1, n), {at}, 'Re', {text}, true, 'email', grown(3, {customer}),
  'acknowledgement', case when {over} then 'sent' else 'queued' end,
  case when {over} then null else {at} end, case when {over} then {at} end from {rows};
insert into message (message_id, contact_id, written_at, subject, text, automatic, channel,
  contact_point_id, kind, state, settled_at)
select grown(17, n), grown(1, n), {at} + interval '1 hour', 'Re', {text}, false, 'email',
  grown(3, {customer}), 'reply', 'sent', {at} + interval '1 hour' from {rows} where {over};
insert into promise (promise_id, contact_id, made_at, due_at, basis, outcome, settled_at)
select grown(7, n), grown(1, n), {at}, {at} + interval '1 hour', 'target',
  case when {over} then 'kept' end, case when {over} then {at} end from {rows};
insert into attachment select grown(4, n), 0, 'a.png', 'image/png', 1, sha256(n::text::bytea)
from {rows} where n % 5 = 0;
insert into quarantine (quarantine_id, source, channel, reason, content, envelope, received_at,
  replayed_at, contact_id, arrival_key)
select grown(8, n), case n % 2 when 0 then 'smtp' else 'inbox' end, 'email', 'x',
  convert_to({text}, 'UTF8'), '{{}}', {at}, case when {over} then {at} end,
  case when {over} then grown(1, n) end, grown(9, n) from {rows} where n % 50 < 2 or not {over};
"""
ROUTING = """
insert into expired_contact select grown(20, n), {at} from {marked};
insert into queue select 'q' || n, '{{}}' from generate_series(1, 20) as n;
insert into agent select 'a' || n, 'Ann', 'ready', '{{}}', '[]', '[]', {at}, {at}, 0
from generate_series(0, {agents} - 1) as n;
insert into agent_slot select 'a' || n, 'email', slot
from generate_series(0, {agents} - 1) as n, generate_series(1, 3) as slot;
insert into customer select grown(2, n), 'Ada', 'en', 'UTC', 'standard', 1 from {people};
insert into contact (contact_id, customer_id, channel, topic, language, value_tier, priority,
  received_at, state, queue_id, queued_at, precedence, declined, excluded, assignments, claims,
  match_group)
select grown(1, n), grown(2, {customer}), 'email', 'billing', 'en', 'standard', 5, {at},
  case when {over} then 'closed' when n % 5 = 0 then 'unplaced' when n % 5 = 1 then 'assigned'
    when n % 5 = 2 then 'offered' else 'waiting' end,
  'q' || 1 + n % 20, {at}, false, case when {over} or n % 25 <> 3 then '{{}}'
    else '{{"a1": {{"times": 2, "ask_again_at": "2026-12-01T00:00:00Z"}}}}' end::jsonb, '', 1, 1,
  'g' || n % 20 from {rows};
insert into offer (offer_id, contact_id, agent_id, queue_id, channel, state, queued_at, made_at,
  expires_at, accepted_at, ended_at)
select grown(10, n), grown(1, n), 'a' || n % {agents}, 'q' || 1 + n % 20, 'email', 'resolved', {at},
  {at}, {at}, {at}, {at} + interval '10 minutes' from {rows} where {over};
insert into offer (offer_id, contact_id, agent_id, queue_id, channel, state, slot, queued_at, made_at,
  expires_at, accepted_at)
select grown(10, n), grown(1, n), 'a' || {live} % {agents}, 'q' || 1 + n % 20, 'email',
  case n % 5 when 1 then 'accepted' else 'open' end, 1 + {live} / {agents}, {at}, {at},
  {at} + interval '1 minute', case n % 5 when 1 then {at} end
from {rows} where not {over} and n % 5 in (1, 2);
insert into message (message_id, contact_id, inbound, name, subject, body, written_at, state)
select grown(4, n), grown(1, n), true, 'Ada', 'Parcel', {text}, {at}, 'received' from {rows};
insert into message
  (message_id, contact_id, inbound, kind, agent_id, name, subject, body, written_at, state)
select grown(17, n), grown(1, n), false, 'reply', 'a1', 'Ann', 'Re', {text}, {at} + interval '1 hour',
  'sent' from {rows} where {over};
insert into help_step
select grown(11, n), grown(1, n), 'a1', 'hear', 'x', {at} from {rows} where n % 2 = 0;
insert into note select grown(12, n), grown(1, n), 'a1', 'x', {at} from {rows} where n % 4 = 0;
insert into action select grown(13, n), grown(1, n), 'a1', 'refund', 1, 'EUR', 1, {at}
from {rows} where n % 4 = 0;
insert into resolution (resolution_id, contact_id, agent_id, queue_id, outcome, number, claimed_at)
select grown(14, n), grown(1, n), 'a1', 'q1', 'solved', 1, {at} from {rows} where {over};
insert into authority_day
select 'a' || n, 'refund', 'EUR', date '2023-06-01' + day, 50, 100
from generate_series(0, {days}) as day, generate_series(0, {agents} - 1) as n;
insert into idempotency_keys
select 'a' || n % {agents}, 'r', n::text, 'f', 200, 'x', {at} from {answered};
"""
FOLLOWUP = """
insert into expired_contact select grown(20, n), {at} from {marked};
insert into customer select grown(2, n), 'Ada' from {people};
insert into contact (contact_id, customer_id, channel, language, time_zone, value_tier, automatic)
select grown(1, n), grown(2, {customer}), 'email', 'en', 'UTC', 'standard', false from {rows};
insert into check_in (check_in_id, resolution_id, contact_id, agent_id, queue_id, number, claimed_at,
  state, due_at, message_id, sent_at, closes_at, settled_at)
select grown(15, n), grown(14, n), grown(1, n), 'a1', 'q1', 1, {at},
  case when {over} then 'unrefuted' when n % 2 = 0 then 'scheduled' else 'sent' end, {at},
  case when {sent} then grown(16, n) end, case when {sent} then {at} end,
  case when {sent} then {at} + interval '1 hour' end,
  case when {over} then {at} + interval '1 hour' end from {rows};
"""
ANALYTICS = """
insert into fact select grown(1, n), jsonb_build_object(
  'received', jsonb_build_array({at}, 'email', false),
  'queued', jsonb_build_array(jsonb_build_array({at}, 'q' || 1 + n % 20, 'placed', 60)),
  'assigned', jsonb_build_object(grown(10, n), {at}),
  'ended', jsonb_build_object(grown(10, n), jsonb_build_array({at}, 'resolved')),
  'promises', jsonb_build_object(grown(7, n), jsonb_build_array({at}, 'kept')),
  'claims', jsonb_build_object(grown(14, n), jsonb_build_array({at}, 1, 1)),
  'resolutions', jsonb_build_object(grown(14, n), jsonb_build_array({at}, 'unrefuted')))
from {rows};
insert into rollup
select 0, timestamptz '2023-06-01' + (n - 1) / 100 * interval '15 minutes', 'q' || 1 + n % 20,
  'email', 'm' || measure * 5 + n % 100 / 20, 'b', n % 100
from {rows}, generate_series(0, 1) as measure;
insert into watermark select 0, 't' || n, {at} from generate_series(1, 4) as n;
"""
GROWN = {"intake": INTAKE, "routing": ROUTING, "followup": FOLLOWUP, "analytics": ANALYTICS}


def going_on(service: str, contacts: int) -> int:
    """Of the newest contacts, so many are not over: a check-in takes days, all else hours."""
    return max(200, contacts // 250 if service == "followup" else contacts // 5_000)


def words(service: str, contacts: int) -> dict[str, str]:
    """What the texts call their rows, and what is true of the n-th."""
    first, customers = contacts - going_on(service, contacts), max(1, contacts // 4)
    return {
        "rows": f"generate_series(1, {contacts}) as n",
        "people": f"generate_series(1, {customers}) as n",
        "published": _newest(contacts, days=3),
        "marked": _newest(contacts, days=15),
        "answered": _newest(contacts, days=1),
        "at": f"({AT})",
        "text": "repeat('It is late. ', 5 + n % 10)",
        "customer": f"({CUSTOMER.format(customers=customers)})",
        "agents": str(agents(contacts)),
        "days": str(max(30, contacts // PER_DAY)),
        "over": f"(n <= {first})",
        "sent": f"(n <= {first} or n % 2 = 1)",
        "live": f"((n / 5 - {first // 5}) * 2 + n % 5 - 1)",
    }


def agents(contacts: int) -> int:
    """Enough for what is live; they are called from a0 on."""
    return max(100, going_on("routing", contacts) // 5)


def _newest(contacts: int, days: int) -> str:
    return f"generate_series({max(1, contacts - days * PER_DAY + 1)}, {contacts}) as n"


def statements(service: str, contacts: int) -> Iterator[str]:
    """What makes a service so old, one statement after the other; the last one analyzes."""
    yield FUNCTION
    for text in (GROWN[service], MESSAGING):
        yield from filter(str.strip, text.format(**words(service, contacts)).split(";\n"))
    yield "analyze"


async def grow(connection: Tx, service: str, contacts: int) -> None:
    """Fill a service's new database with what so many contacts leave behind."""
    for statement in statements(service, contacts):
        await connection.execute(statement)
