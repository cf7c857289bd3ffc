"""Every metric, each with a sentence; `docs/telemetry.md` is made from it."""

from shared.observability.kinds import SIZES, Metric, WorkerPart

HTTP_REQUESTS = Metric(
    "rapport_http_requests_total",
    "counter",
    "Requests answered.",
    "api",
    ("method", "route", "status"),
)
HTTP_SECONDS = Metric(
    "rapport_http_request_seconds",
    "histogram",
    "Time from a request's head to its answer's end; streams are not counted.",
    "api",
    ("method", "route"),
)
HTTP_STREAMS = Metric(
    "rapport_http_streams", "gauge", "Event streams that are open.", "routing api", ("route",)
)
HTTP_CONNECTIONS_ENDED = Metric(
    "rapport_http_connections_ended_total",
    "counter",
    "Connections that we closed on a slow other side: head_late, body_late, nothing_taken of an answer, or"
    " place_needed, since a newer one came where too many wait.",
    "api, worker",
    ("reason",),
)
DATABASE_WAIT = Metric(
    "rapport_database_wait_seconds",
    "histogram",
    "How long a caller waited for one of the process's connections to its database.",
    "api, worker",
)
JWKS_AGE = Metric(
    "rapport_jwks_age_seconds",
    "gauge",
    "Time since the issuer's keys were last read; +Inf while they never were.",
    "api",
)

CONSUMER_RECORDS = Metric(
    "rapport_consumer_records_total",
    "counter",
    "Records taken from the broker, by what became of them:"
    " handled, duplicate, unwanted, for_another (a replay that another service asked for),"
    " quarantined or dead_lettered.",
    "worker",
    ("topic", "outcome"),
    parts=(WorkerPart.CONSUMERS,),
)
CONSUMER_LAG = Metric(
    "rapport_consumer_lag_records",
    "gauge",
    "Records that wait in the broker for this process; NaN where that is not known, as while the broker is away.",
    "worker",
    ("topic",),
    parts=(WorkerPart.CONSUMERS,),
)
CONSUMER_PARTITIONS = Metric(
    "rapport_consumer_partitions",
    "gauge",
    "Partitions that are assigned to this member of the group.",
    "worker",
    ("group", "member"),
)
CONSUMER_REBALANCES = Metric(
    "rapport_consumer_rebalances_total",
    "counter",
    "Assignments of partitions that members of this process were given, each new one a rebalance.",
    "worker",
    ("group",),
)
CONSUMER_PAUSED = Metric(
    "rapport_consumer_paused",
    "gauge",
    "1 while the group is paused since it made too many dead letters, until `dead-letters resume`; each"
    " worker says the same. Any is worth an alert.",
    "worker",
    ("group",),
)
CONSUMER_RETENTION_LEFT = Metric(
    "rapport_consumer_retention_left_seconds",
    "gauge",
    "Time until the topic's retention may delete the oldest record that the group has not read; all of the"
    " retention where it has read everything. Not for compacted topics, which keep the last of each key.",
    "worker",
    ("group", "topic"),
    parts=(WorkerPart.CONSUMERS, WorkerPart.RELAY),
)
CONSUMER_BATCH_RECORDS = Metric(
    "rapport_consumer_batch_records",
    "histogram",
    "Records taken in one transaction.",
    "worker",
    (),
    SIZES,
    parts=(WorkerPart.CONSUMERS,),
)
CONSUMER_BATCH_SECONDS = Metric(
    "rapport_consumer_batch_seconds",
    "histogram",
    "Time from decoding a batch to its commit.",
    "worker",
    parts=(WorkerPart.CONSUMERS,),
)
CONSUMER_RETRIES = Metric(
    "rapport_consumer_retries_total",
    "counter",
    "Batches that were rolled back and tried again, by the kind of failure;"
    " cancelled: halved, since it took the database too long.",
    "worker",
    ("kind",),
    parts=(WorkerPart.CONSUMERS,),
)
DEAD_LETTERS = Metric(
    "rapport_dead_letters_total",
    "counter",
    "Records put aside as dead letters because they could not be taken, by the kind of failure.",
    "worker",
    ("topic", "kind"),
    parts=(WorkerPart.CONSUMERS,),
)
BROKER_CONTACT_AGE = Metric(
    "rapport_broker_contact_age_seconds",
    "gauge",
    "Time since the broker last answered; rises in an outage that the client hides.",
    "worker",
    parts=(WorkerPart.CONSUMERS, WorkerPart.RELAY),
)

OUTBOX_AGE = Metric(
    "rapport_outbox_age_seconds",
    "gauge",
    "Age of the oldest event that is committed and not yet published, held topics apart; 0 if there is none.",
    "worker",
)
OUTBOX_HELD_AGE = Metric(
    "rapport_outbox_held_age_seconds",
    "gauge",
    "Age of the oldest event of a topic that takes nothing, or is parked; 0 once it goes with the others.",
    "worker",
    ("topic",),
)
HORIZON_AGE = Metric(
    "rapport_horizon_age_seconds",
    "gauge",
    "Time for which one open transaction, in any database of the cluster, has held up all that younger ones"
    " have committed: none of that is published until it ends. 0 if there is no such transaction.",
    "worker",
)
RETENTION_OLDEST = Metric(
    "rapport_retention_oldest_seconds",
    "gauge",
    "Age of the oldest row of a table that is kept for a while; beyond its period nothing is deleted any more.",
    "worker",
    ("table",),
)
RETENTION_DELETED = Metric(
    "rapport_retention_deleted_rows_total",
    "counter",
    "Rows that were deleted because they were older than their table keeps them.",
    "worker",
    ("table",),
)
OUTBOX_ROWS = Metric(
    "rapport_outbox_rows",
    "gauge",
    "About how many events are committed and not yet published; each process measures by itself.",
    "worker, intake api",
)
OUTBOX_BYTES = Metric(
    "rapport_outbox_bytes",
    "gauge",
    "About how many bytes those take in the database.",
    "worker, intake api",
)
RELAY_LEADING = Metric(
    "rapport_relay_leading",
    "gauge",
    "1 where this process holds the relay's lease and publishes, 0 where it stands by.",
    "worker",
    parts=(WorkerPart.RELAY,),
)
OUTBOX_PUBLISHED = Metric(
    "rapport_outbox_published_total",
    "counter",
    "Events the broker has acknowledged.",
    "worker",
    ("topic",),
    parts=(WorkerPart.RELAY,),
)
RELAY_BATCH_RECORDS = Metric(
    "rapport_relay_batch_records",
    "histogram",
    "Events published in one round of the relay.",
    "worker",
    (),
    SIZES,
    parts=(WorkerPart.RELAY,),
)
RELAY_BATCH_SECONDS = Metric(
    "rapport_relay_batch_seconds",
    "histogram",
    "Time of one round of the relay: publish and mark.",
    "worker",
    parts=(WorkerPart.RELAY,),
)

INTAKE_RECEIVED = Metric(
    "rapport_intake_received_total",
    "counter",
    "Messages that came in; equals stored + quarantined + deduplicated.",
    "intake",
    ("channel",),
)
INTAKE_STORED = Metric(
    "rapport_intake_stored_total", "counter", "Messages kept as messages.", "intake", ("channel",)
)
INTAKE_QUARANTINED = Metric(
    "rapport_intake_quarantined_total",
    "counter",
    "Messages that could not be read, kept with their bytes and a reason.",
    "intake",
    ("channel",),
)
INTAKE_DEDUPLICATED = Metric(
    "rapport_intake_deduplicated_total",
    "counter",
    "Messages that had come in before.",
    "intake",
    ("channel",),
)
INTAKE_UNREADABLE_MAILS = Metric(
    "rapport_intake_unreadable_mails_total",
    "counter",
    "Mails whose reading exceeded a limit: cpu, memory or output; crash where its process ended twice.",
    "intake api",
    ("limit",),
)
INTAKE_SUBMISSIONS_WAITING = Metric(
    "rapport_intake_submissions_waiting",
    "gauge",
    "Contacts and mails that wait for a group commit to take them.",
    "intake api",
)
INTAKE_SMTP_REFUSALS = Metric(
    "rapport_intake_smtp_refusals_total",
    "counter",
    "Replies of the server for mail that refuse something, by their code.",
    "intake api",
    ("code",),
)
INTAKE_QUARANTINE_WAITING = Metric(
    "rapport_intake_quarantine_waiting",
    "gauge",
    "What waits in quarantine, up to 100,000; each worker says the same.",
    "intake worker",
)
INTAKE_MESSAGES_QUEUED = Metric(
    "rapport_intake_messages_queued",
    "gauge",
    "Outbound messages that are not delivered yet, up to 100,000; each worker says the same.",
    "intake worker",
)
INTAKE_MESSAGES_OLDEST = Metric(
    "rapport_intake_messages_oldest_seconds",
    "gauge",
    "How long the oldest of them has waited; 0 if there is none.",
    "intake worker",
)
INTAKE_DELIVERIES = Metric(
    "rapport_intake_deliveries_total",
    "counter",
    "Attempts to deliver a message, by what it is then: sent, failed, or queued for another attempt.",
    "intake worker",
    ("channel", "state"),
)
INTAKE_QUARANTINE_OVERFLOW = Metric(
    "rapport_intake_quarantine_overflow_total",
    "counter",
    "Unreadable records of the inbox that are counted and not kept, since the quarantine is full;"
    " each can be had from its topic as long as that keeps it. Any is worth an alert.",
    "intake worker",
    parts=(WorkerPart.CONSUMERS,),
)

OFFERS = Metric(
    "rapport_offers_total",
    "counter",
    "Offers to agents, by what became of them: made, accepted, declined, expired or withdrawn.",
    "routing",
    ("outcome",),
)
TIME_TO_OFFER = Metric(
    "rapport_time_to_offer_seconds",
    "histogram",
    "Time to an offer from when both could be had: its contact waited, and its agent was free for it.",
    "routing worker",
    parts=(WorkerPart.JOBS,),
)
CONTACTS_UNPLACED = Metric(
    "rapport_contacts_unplaced",
    "gauge",
    "Contacts for which there is no queue; each worker says the same. Any is worth an alert.",
    "routing worker",
    parts=(WorkerPart.JOBS,),
)
CONTACTS_WAITING = Metric(
    "rapport_contacts_waiting",
    "gauge",
    "Contacts that wait for an agent; each worker says the same.",
    "routing worker",
    ("queue",),
    parts=(WorkerPart.JOBS,),
)
CONTACTS_OLDEST_WAIT = Metric(
    "rapport_contacts_oldest_wait_seconds",
    "gauge",
    "How long the first of them has waited in the queue; 0: none waits; each worker says the same.",
    "routing worker",
    ("queue",),
    parts=(WorkerPart.JOBS,),
)
MATCH_PASS_SECONDS = Metric(
    "rapport_match_pass_seconds",
    "histogram",
    "Time of one pass of the match, from its transaction's begin to its commit.",
    "routing worker",
    parts=(WorkerPart.JOBS,),
)
CONTACTS_DECLINED = Metric(
    "rapport_contacts_declined",
    "gauge",
    "Contacts that wait although everybody able declines them again and again: the pause before they are"
    " offered once more has grown to the longest; each worker says the same.",
    "routing worker",
    ("queue",),
    parts=(WorkerPart.JOBS,),
)
PROMISES_AT_RISK = Metric(
    "rapport_promises_at_risk",
    "gauge",
    "Open promises of which less than a fifth of the time is left; each worker says the same.",
    "intake worker",
    parts=(WorkerPart.JOBS,),
)
INTAKE_ORPHANS_DELETED = Metric(
    "rapport_intake_orphans_deleted_total",
    "counter",
    "Attachments that were deleted from the store since their contact did not come to be.",
    "intake worker",
)
PROMISES_SETTLED = Metric(
    "rapport_promises_settled_total",
    "counter",
    "Promises settled: beaten, kept, broken, renegotiated or void.",
    "intake worker",
    ("outcome",),
)
CHECK_INS = Metric(
    "rapport_check_ins_total",
    "counter",
    "Check-ins, by what became of them: planned, sent, answered, unanswered or dropped.",
    "followup",
    ("outcome",),
)
TIMER_LATENESS = Metric(
    "rapport_timer_lateness_seconds",
    "histogram",
    "How long after its time a timer was acted on: promise, offer, wrap_up, ask or close.",
    "intake worker, routing worker, followup worker",
    ("timer",),
    parts=(WorkerPart.JOBS,),
)
FIGURES_AGE = Metric(
    "rapport_figures_age_seconds",
    "gauge",
    "Age of the newest event that the figures count; it grows while nothing happens, too.",
    "analytics worker",
    parts=(WorkerPart.JOBS,),
)
FIGURES_DELAY = Metric(
    "rapport_figures_delay_seconds",
    "histogram",
    "Time from an event to the figures that count it, once for each: nothing that is read again.",
    "analytics worker",
    parts=(WorkerPart.CONSUMERS,),
)
RECOUNT_CONTACTS = Metric(
    "rapport_recount_contacts",
    "gauge",
    "Contacts that the recount under way has counted so far, kept while it is stopped;"
    " 0: none is under way; each worker says the same.",
    "analytics worker",
    parts=(WorkerPart.JOBS,),
)

METRICS = tuple(value for value in tuple(vars().values()) if isinstance(value, Metric))
