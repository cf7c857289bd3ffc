"""Who came: people, and the automatic mail beside them."""

from collections.abc import Iterator

from services.analytics.domain.facts import Fact
from services.analytics.domain.figures.definition import Definition, Part, measure
from services.analytics.domain.figures.formulas import parts


@measure("contacts", of_automatic=True)
def contacts(fact: Fact) -> Iterator[Part]:
    """Each contact once: `received` from a person, or `automatic`."""
    if fact.received:
        yield "automatic" if fact.received.automatic else "received", 1


DEFINITIONS = (
    Definition(
        id="contacts",
        version=1,
        title="Contacts",
        sentence="How many needs people brought to us, and how many automatic mails came beside them.",
        formula="received: contacts from people; automatic: mail that is stored and never answered",
        unit="count",
        measure=contacts,
        compute=parts("received", "automatic"),
        filters="none",
    ),
)
