"""What a decision comes to: one type for every service, so that deciding looks the same in all."""

from typing import Generic, NamedTuple, TypeVar

from shared.contracts.event import Event

S_co = TypeVar("S_co", covariant=True)


class Decision(NamedTuple, Generic[S_co]):
    """A state after a decision, and the events that tell of it, in their order.

    A decision does no I/O: whoever asked for it saves the state and publishes the events.
    """

    state: S_co
    events: tuple[Event, ...] = ()
