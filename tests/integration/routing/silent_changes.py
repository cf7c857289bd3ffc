"""Whether the feed names whatever a transaction changes: the check behind every test of routing that has a `world`.

An index in memory over these tables is right only if no row changes in silence. A trigger notes each row that is written
and by which transaction; the rows that the same transaction left in the outbox are what a feed tells of it.
"""

from shared.database.database import Database

NOTED = {
    "contact": "contact_id",
    "offer": "contact_id",
    "agent": "agent_id",
    "agent_slot": "agent_id",
    "authority_day": "agent_id",
    "queue": "queue_id",
}
"""What the line and the agents are made of, and whose id each row is known by."""
# A contact changes in silence only while nobody looks for an agent for it. An offer that it comes back from is told, and
# that a word is owed (`returns_to`) puts nobody before or behind others. An offer that has ended holds nobody, so that it is
# deleted with its contact need not be told.
NOTE = """
create table written (relation text, subject text, xid xid8);
create table held (contact_id text, agent_id text);
create function note() returns trigger language plpgsql as $$
declare was jsonb := to_jsonb(old); is_now jsonb := to_jsonb(new);
begin
  if tg_table_name = 'offer' and is_now is not null then
    insert into held values (is_now ->> 'contact_id', is_now ->> 'agent_id');
  end if;
  if tg_table_name = 'offer' and is_now is null and was ->> 'slot' is null then
    return null;
  end if;
  if tg_table_name <> 'contact' or (
    'waiting' in (was ->> 'state', is_now ->> 'state')
    and was - 'returns_to' is distinct from is_now - 'returns_to'
  ) then
    insert into written
    select tg_table_name, coalesce(is_now, was) ->> tg_argv[0], pg_current_xact_id();
  end if;
  return null;
end $$;
create table told (subject text, xid xid8);
create function tell() returns trigger language plpgsql as $$
begin
  insert into told values (convert_from(new.key, 'UTF8'), pg_current_xact_id());
  return null;
end $$;
create trigger tell after insert on outbox for each row execute function tell();
"""
TRIGGER = """
create trigger note after insert or update or delete on {table} for each row execute function note('{column}')
"""
# Of an agent it may also be a contact that tells: one whose offer is theirs, or was before it was deleted.
SILENT = """
select distinct relation, subject from written
where not exists (
  select from told where told.xid = written.xid and (
    told.subject = written.subject
    or told.subject in (select contact_id from held where agent_id = written.subject)
  )
)
"""


async def note_writes(database: Database) -> None:
    """From now on every row that is written is noted."""
    async with database.connection() as connection:
        await connection.execute(NOTE)
        for table, column in NOTED.items():
            await connection.execute(TRIGGER.format(table=table, column=column))


async def silent_changes(database: Database) -> list[tuple[str, str]]:
    """Table and id of what was changed and a feed says nothing of."""
    async with database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(SILENT)]
