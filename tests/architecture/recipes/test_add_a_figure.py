"""The recipe for a figure, followed to the end."""

from tests.architecture.recipes.following import Followed
from tests.architecture.recipes.recipe import Recipe


class TestAddAFigure(Followed):
    """A figure changes analytics alone, and what the contracts say of the event."""

    recipe = Recipe(
        "add-a-figure.md",
        tests=["tests/unit/analytics"],
        first=["tests/architecture/test_subscriptions.py"],
    )
