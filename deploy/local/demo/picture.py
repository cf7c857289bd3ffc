"""The demonstration's view as a picture for the README, drawn by the demonstration itself."""

import re
from io import StringIO
from pathlib import Path
from typing import Final

from rich.align import Align
from rich.console import Console, RenderableType

COLUMNS: Final = 86
LINES: Final = 19
"""Of every picture: a view with fewer lines is filled up, so a new picture has the size of the old."""

_FRAME: Final = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As rich's own, but with the reader's fonts: a picture fetches nothing."""
_STRETCH: Final = re.compile(r' textLength="[^"]*"')
"""Rich gives every letter a place of its own; in Telugu several letters share one."""


def picture(view: RenderableType, title: str) -> str:
    """The view in a terminal, as SVG; it has a background of its own, for light pages and dark ones."""
    console = Console(file=StringIO(), width=COLUMNS, record=True, force_terminal=True)
    console.print(Align(view, height=LINES, vertical="top"))
    drawn = console.export_svg(
        title=title, code_format=_FRAME, font_aspect_ratio=0.6, unique_id="demo"
    )
    return _STRETCH.sub("", drawn)


def draw(path: Path, view: RenderableType, title: str) -> None:
    """Write the picture into that file."""
    path.write_text(picture(view, title), "utf-8")
