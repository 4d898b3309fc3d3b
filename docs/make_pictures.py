"""Draws docs/images/run.svg from a real run: ``python docs/make_pictures.py``.

With ``--check`` it runs the same cases and compares what the picture shows, but for the time.
"""  # noqa: INP001  a script, not a package

from __future__ import annotations

import html
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from conformance import results
from conformance.report import terminal

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "run.svg"
WHAT = ("cases/documents", "docs/examples/log1p.yaml")
COLUMNS = 118

# Rich's own frame loads a font from the network; this one takes the reader's.
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; \
line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold; }}
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
_VARYING = re.compile(r"in [\d.]+ s|(?<=python )[\d.]+|(?<=node )[\d.]+|(?<=tensorflow )[\d.]+")


def main() -> int:
    """Draw the picture, or check it; the exit code."""
    drawn = draw(run())
    if sys.argv[1:] != ["--check"]:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_text(drawn, "utf-8")
        return 0
    if shown(PICTURE.read_text("utf-8")) != shown(drawn):
        sys.stderr.write("docs/images/run.svg is out of date: run docs/make_pictures.py\n")
        return 1
    return 0


def run() -> results.Results:
    """Run the cases as the command in the picture does."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.ndjson"
        command = (sys.executable, "-m", "conformance.cli", "run", *WHAT, "--results", str(file))
        done = subprocess.run(  # noqa: S603  the command is this one
            command, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if not file.is_file():
            sys.exit(done.stderr)
        return results.read(file)


def draw(found: results.Results) -> str:
    """The terminal as SVG: the command and the report."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True,
        color_system="truecolor", highlight=False,
    )  # fmt: skip
    console.print(f"[bold]$[/] tfjs-conformance run {' '.join(WHAT)}")
    terminal.show(found, console)
    return console.export_svg(
        title="tfjs-conformance", theme=MONOKAI, code_format=FRAME, unique_id="run"
    )


def shown(svg: str) -> str:
    """The text of a picture, line by line, without what differs from run to run."""
    lines: dict[str, str] = {}
    for place, text in re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        lines[place] = lines.get(place, "") + html.unescape(text).replace("\xa0", " ")
    return _VARYING.sub("*", "\n".join(lines.values()))


if __name__ == "__main__":
    sys.exit(main())
