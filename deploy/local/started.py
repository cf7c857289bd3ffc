"""What is started and stopped: as a context manager it runs for as long as the block does."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Started(ABC):
    """`start` at the beginning of the block, `stop` at its end, whatever happens in it."""

    @abstractmethod
    def start(self) -> Self:
        """Return when it runs; else leave nothing running."""

    @abstractmethod
    def stop(self) -> None:
        """End it."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
