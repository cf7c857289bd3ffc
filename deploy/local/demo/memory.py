"""What the customers of the demonstration remember, held against what the platform knows."""

from collections.abc import Iterator

from deploy.local.demo.traffic import Sent
from deploy.local.evidence import Evidence
from deploy.local.invariants import Finding
from deploy.local.people.mailboxes import Mailboxes


def forgotten(evidence: Evidence, sent: Sent, mailboxes: Mailboxes) -> list[Finding]:
    """Lost: accepted from a customer and not kept. Doubled: one mail of ours that came twice."""
    return [
        Finding("customers_are_not_forgotten", detail)
        for detail in (*_arrivals(evidence, sent), *_counts(evidence, sent), *_mail(evidence, mailboxes))
    ]  # fmt: skip


def _arrivals(evidence: Evidence, sent: Sent) -> Iterator[str]:
    contacts = evidence.column("intake", "contacts", "contact_id")
    if lost := sent.contacts - contacts:
        yield f"{len(lost)} contacts were accepted over HTTP and are not there"
    mails = {mail_id.strip("<>") for mail_id in evidence.column("intake", "mails", "mail_id")}
    if lost := {mail_id.strip("<>") for mail_id in sent.mails} - mails:
        yield f"{len(lost)} mails were accepted and are not there"


def _counts(evidence: Evidence, sent: Sent) -> Iterator[str]:
    """Received is what was handed in, as those count who did it, and deduplicated what came again."""
    tally = {row["channel"]: row for row in evidence.of("intake", "tally")}
    for column, counts in (("received", sent.deliveries), ("deduplicated", sent.repeats)):
        for channel, n in counts.items():
            counted = tally[channel][column] if channel in tally else 0
            if counted != n:
                yield f"{channel}: {n} to be counted as {column}, {counted} are"


def _mail(evidence: Evidence, mailboxes: Mailboxes) -> Iterator[str]:
    arrived = [mail.message_id for mails in mailboxes.mails.values() for mail in mails]
    if len(arrived) != len(set(arrived)):
        yield f"{len(arrived) - len(set(arrived))} mails of ours came twice"
    delivered = {mail_id.strip("<>").partition("@")[0] for mail_id in arrived}
    recorded = {
        str(row["message_id"]) for row in evidence.of("intake", "written") if row["state"] == "sent"
    }
    if missing := recorded - delivered:
        yield f"{len(missing)} mails are sent and did not arrive"
