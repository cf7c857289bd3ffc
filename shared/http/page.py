"""Pages for people: each brings its style along and needs no script and no other host.

The policy that says so comes from the style itself, so what a page may do cannot grow unnoticed.
"""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


class PageTemplate:
    """`<name>.html` of a folder, which shows `<name>.css` of the same folder as its `style`.

    What is filled in is escaped; a name that is not given is an error. Forms go to our own host only.
    """

    def __init__(self, folder: Path, name: str) -> None:
        loader = FileSystemLoader(folder)
        environment = Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._page = environment.get_template(f"{name}.html")
        style = (folder / f"{name}.css").read_text("utf-8")
        self._style = Markup(style)  # noqa: S704 - our own file
        digest = b64encode(sha256(style.encode()).digest()).decode()
        self.policy = (
            f"default-src 'none'; style-src 'sha256-{digest}';"
            " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )

    def response(
        self, shown: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> HTMLResponse:
        """The page with what is to be shown on it, under its policy."""
        content = self._page.render(shown, style=self._style)
        policy = {"content-security-policy": self.policy}
        return HTMLResponse(content, status, {**policy, **(headers or {})})
