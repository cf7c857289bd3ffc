"""What became of the times we stated."""

from collections.abc import Iterator

from services.analytics.domain.facts import Fact
from services.analytics.domain.figures.definition import OPEN, Definition, Part, measure
from services.analytics.domain.figures.formulas import parts, share


@measure("promises")
def promises(fact: Fact) -> Iterator[Part]:
    """Each promise by its outcome, or `open`."""
    for promise_id in fact.promised | fact.promises.keys():
        ending = fact.promises.get(promise_id)
        yield (ending.outcome if ending else OPEN), 1


DEFINITIONS = (
    Definition(
        id="promises",
        version=1,
        title="Promises",
        sentence="What became of each stated time.",
        formula="each promise once, by its outcome; open: not settled yet",
        unit="count",
        measure=promises,
        compute=parts("beaten", "kept", "broken", "renegotiated", "void", "open"),
    ),
    Definition(
        id="promises_kept",
        version=1,
        title="Promise-kept rate",
        sentence="Of the promises that came due, the share we kept or beat.",
        formula="(beaten + kept) ÷ (beaten + kept + broken); renegotiated, void and open promises are"
        " counted in `promises` and not here",
        unit="share",
        measure=promises,
        compute=share(("beaten", "kept"), of=("beaten", "kept", "broken")),
    ),
)
