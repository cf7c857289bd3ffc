"""Settings that bound each other: the later field of a block says what it is to an earlier one.

A bound stands in the field's annotation: a start refuses what breaks it, and the page of settings shows it.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

T = TypeVar("T")
BOUND = "bound"
"""The type of pydantic's error for a value that does not go with another."""


@dataclass(frozen=True)
class Bound:
    """What a setting is to `other`, the field that stands before it in its block."""

    other: str

    words = ""
    """Goes on after "must be"; `{other}` stands for the variable of the other."""

    def holds(self, value: Any, other: Any) -> bool:
        """Whether the two go together."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Compare once the value itself is found to be valid."""
        return core_schema.with_info_after_validator_function(self._checked, handler(source))

    def _checked(self, value: T, info: ValidationInfo) -> T:
        """An other that is refused itself is not there to compare with."""
        if self.other in info.data and not self.holds(value, info.data[self.other]):
            raise PydanticCustomError(BOUND, "broken", {"words": self.words, "other": self.other})
        return value


class AtLeast(Bound):
    """Not less than the other."""

    words = "at least {other}"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether it is not less."""
        return bool(value >= other)


class AtMostAThird(Bound):
    """Three of it fit into the other."""

    words = "at most a third of {other}"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether they fit."""
        return bool(value * 3 <= other)


class Different(Bound):
    """Another value than the other's."""

    words = "another than {other}"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether they are two."""
        return bool(value != other)


class NotBoth(Bound):
    """Not true where the other is."""

    words = "`true` only where {other} is not"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether one of them at most is true."""
        return not (value and other)


class SetWith(Bound):
    """Set where the other is set, and only there."""

    words = "set where {other} is, and only there"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether both are set, or neither."""
        return (value is None) == (other is None)


class OnlyWith(Bound):
    """Not set where the other is not."""

    words = "set only where {other} is"

    def holds(self, value: Any, other: Any) -> bool:
        """Whether it is unset, or has its company."""
        return value is None or other is not None
