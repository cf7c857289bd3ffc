"""What each figure says, and how it is computed."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from services.analytics.domain.figures.definition import Unit
from services.analytics.domain.figures.registry import DEFINITIONS
from shared.http.auth import require


class DefinitionOut(BaseModel):
    """What a figure says, and how it is computed."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: str
    version: int
    title: str
    sentence: str
    formula: str
    unit: Unit
    filters: str
    clock: str


class DefinitionsOut(BaseModel):
    """All of them, in the order of the page."""

    definitions: list[DefinitionOut]


def router() -> APIRouter:
    """The routes of definitions."""
    routes = APIRouter(prefix="/v1", dependencies=[require("figures.read")])

    @routes.get("/definitions")
    async def definitions() -> DefinitionsOut:
        """What each figure says, and how it is computed."""
        return DefinitionsOut(
            definitions=[DefinitionOut.model_validate(definition) for definition in DEFINITIONS]
        )

    return routes
