"""Services that have grown old: rows as years of work leave them, made by the database itself.

Most of it is over, and a little is still going on: what is asked for again and again is what is rare.
"""

from collections.abc import Iterator

from shared.database.database import Tx

FUNCTION = """
create or replace function grown(kind int, n bigint) returns uuid immutable language sql as
$$ select (lpad(to_hex(n), 12, '0') || '7000800000' || lpad(to_hex(kind), 10, '0'))::uuid $$
"""
AT = "timestamptz '2026-01-01' + n * interval '1 second'"
GOING_ON = 200
"""Of the newest contacts, so many are not over."""

MESSAGING = """
insert into outbox (event_id, topic, key, type, value, created_at)
select grown(90, n), 'rapport.contacts', convert_to(n::text, 'UTF8'), 'x', '{{}}', {at} from {rows};
insert into stream (subject, seq, xid) select grown(1, n)::text, 3, '1' from {rows};
insert into published (topic, partition, base_offset, positions)
select 'rapport.contacts', n % 12, n, array[n] from {rows};
insert into inbox (event_id, received_at) select grown(91, n), {at} from {rows};
insert into relay_cursor (id, xid, position) values (1, '1', 1);
"""
INTAKE = """
insert into expired_contact select grown(20, n), {at} from {rows};
insert into customer select grown(2, n), 'Ada', 'en', 'UTC', 'standard', {at} from {rows};
insert into contact_point
select grown(3, n), 'email', n || '@example.org', grown(2, n) from {rows};
insert into contact (contact_id, customer_id, contact_point_id, channel, topic, language, time_zone,
  priority, automatic, received_at)
select grown(1, n), grown(2, n), grown(3, n), 'email', 'billing', 'en', 'UTC', 5, false, {at}
from {rows};
insert into message (message_id, contact_id, written_at, subject, text, automatic, channel,
  contact_point_id, arrival_key, digest, mail_id)
select grown(4, n), grown(1, n), {at}, 'Parcel', 'It is late.', false, 'email', grown(3, n),
  grown(5, n), 'd', '<' || n || '@example.org>' from {rows};
insert into message (message_id, contact_id, written_at, subject, text, automatic, channel,
  contact_point_id, kind, state, next_attempt_at, settled_at)
select grown(6, n), grown(1, n), {at}, 'Re', 'We have it.', true, 'email', grown(3, n),
  'acknowledgement', case when {over} then 'sent' else 'queued' end,
  case when {over} then null else {at} end, case when {over} then {at} end from {rows};
insert into promise (promise_id, contact_id, made_at, due_at, basis, outcome, settled_at)
select grown(7, n), grown(1, n), {at}, {at} + interval '1 hour', 'target',
  case when {over} then 'kept' end, case when {over} then {at} end from {rows};
insert into attachment select grown(4, n), 0, 'a.png', 'image/png', 1, sha256(n::text::bytea)
from {rows} where n % 5 = 0;
insert into quarantine (quarantine_id, source, channel, reason, content, envelope, received_at,
  replayed_at, contact_id, arrival_key)
select grown(8, n), case n % 2 when 0 then 'smtp' else 'inbox' end, 'email', 'x', 'x', '{{}}', {at},
  case when {over} then {at} end, case when {over} then grown(1, n) end, grown(9, n)
from {rows} where n % 10 < 2 or not {over};
"""
ROUTING = """
insert into expired_contact select grown(20, n), {at} from {rows};
insert into queue select 'q' || n, '{{}}' from generate_series(1, 20) as n;
insert into agent select 'a' || n, 'Ann', 'ready', '{{}}', '[]', '[]', {at}, {at}, 0
from generate_series(1, 100) as n;
insert into agent_slot
select 'a' || n, 'email', slot from generate_series(1, 100) as n, generate_series(1, 3) as slot;
insert into customer select grown(2, n), 'Ada', 'en', 'UTC', 'standard', 1 from {rows};
insert into contact (contact_id, customer_id, channel, topic, language, value_tier, priority,
  received_at, state, queue_id, queued_at, precedence, declined, excluded, assignments, claims,
  match_group)
select grown(1, n), grown(2, n), 'email', 'billing', 'en', 'standard', 5, {at},
  case when {over} then 'closed' when n % 10 = 0 then 'unplaced' else 'waiting' end,
  'q' || 1 + n % 20, {at}, false, '{{}}', '', 1, 1, 'g' || n % 20 from {rows};
insert into offer (offer_id, contact_id, agent_id, queue_id, channel, state, queued_at, made_at,
  expires_at, accepted_at, ended_at)
select grown(10, n), grown(1, n), 'a' || 1 + n % 100, 'q' || 1 + n % 20, 'email', 'resolved', {at}, {at},
  {at}, {at}, {at} from {rows};
insert into message (message_id, contact_id, inbound, name, subject, body, written_at, state)
select grown(4, n), grown(1, n), true, 'Ada', 'Parcel', 'It is late.', {at}, 'received' from {rows};
insert into help_step select grown(11, n), grown(1, n), 'a1', 'hear', 'x', {at} from {rows};
insert into note select grown(12, n), grown(1, n), 'a1', 'x', {at} from {rows};
insert into action select grown(13, n), grown(1, n), 'a1', 'refund', 1, 'EUR', 1, {at} from {rows};
insert into resolution (resolution_id, contact_id, agent_id, queue_id, outcome, number, claimed_at)
select grown(14, n), grown(1, n), 'a1', 'q1', 'solved', 1, {at} from {rows};
insert into authority_day
select 'a' || 1 + n % 100, 'refund', 'EUR', date '2020-01-01' + (n / 100)::int, 0, 1 from {rows};
insert into idempotency_keys
select 'a' || n % 100, 'r', n::text, 'f', 200, 'x', {at} from {rows};
"""
FOLLOWUP = """
insert into expired_contact select grown(20, n), {at} from {rows};
insert into customer select grown(2, n), 'Ada' from {rows};
insert into contact (contact_id, customer_id, channel, language, time_zone, value_tier, automatic)
select grown(1, n), grown(2, n), 'email', 'en', 'UTC', 'standard', false from {rows};
insert into check_in (check_in_id, resolution_id, contact_id, agent_id, queue_id, number, claimed_at,
  state, due_at, message_id, sent_at, closes_at, settled_at)
select grown(15, n), grown(14, n), grown(1, n), 'a1', 'q1', 1, {at},
  case when {over} then 'unrefuted' when n % 2 = 0 then 'scheduled' else 'sent' end, {at},
  case when {sent} then grown(16, n) end, case when {sent} then {at} end,
  case when {sent} then {at} + interval '1 hour' end,
  case when {over} then {at} + interval '1 hour' end from {rows};
"""
ANALYTICS = """
insert into fact select grown(1, n), '{{}}' from {rows};
insert into rollup
select 0, timestamptz '2020-01-01' + n / 10 * interval '15 minutes', 'q' || n % 10, 'email', 'm' || n % 7,
  'b', case when {over} then 5 else 0 end from {rows};
insert into watermark select 0, 't' || n, {at} from generate_series(1, 4) as n;
"""
GROWN = {"intake": INTAKE, "routing": ROUTING, "followup": FOLLOWUP, "analytics": ANALYTICS}


def statements(service: str, contacts: int) -> Iterator[str]:
    """What makes a service so old, one statement after the other; the last one analyzes."""
    words = {
        "rows": f"generate_series(1, {contacts}) as n",
        "at": f"({AT})",
        "over": f"(n <= {contacts - GOING_ON})",
        "sent": f"(n <= {contacts - GOING_ON} or n % 2 = 1)",
    }
    yield FUNCTION
    for text in (GROWN[service], MESSAGING):
        yield from filter(str.strip, text.format(**words).split(";\n"))
    yield "analyze"


async def grow(connection: Tx, service: str, contacts: int) -> None:
    """Fill a service's new database with what so many contacts leave behind."""
    for statement in statements(service, contacts):
        await connection.execute(statement)
