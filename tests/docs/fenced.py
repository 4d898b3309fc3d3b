"""The fenced blocks of the documents, and how their commands are executed.

The words behind a block's language say what is done with it; pages that are read on the web do not
show them:

    yaml, with `suite:`     a case file: it is loaded and run, and every verdict is pass
      invalid               it is a wrong one: a command on the page says what is wrong with it
      changed               it takes the place of an earlier one with the same cases: not run here
      tfjs:wasm=threw       the verdict on this implementation instead of pass, of one case at least
    any, file=NAME          it is saved under this name for the commands further down the page
    console                 commands after `$ `, each followed by its output; `…` is any lines
      exit=1                the exit code of the last command instead of 0; exit=1,1 of the last two
    bash install            too long for a test, or installs something: looked at, not executed
    python part-of=PATH     a part of this file, word by word
    json                    messages of the protocol, one a line
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^( *)```(\w+) *([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_VARYING = (
    (re.compile(r"in [\d,]+\.\d+ s\b"), "in * s"),
    (re.compile(r"\b(python|node) \d+\.\d+\.\d+"), r"\1 *"),
    (re.compile(r"\btensorflow 2\.\d+\.\d+"), "tensorflow *"),
    (re.compile(r"^(results|oracle): .*\n", re.MULTILINE), ""),
    (re.compile(r"[ ]+$", re.MULTILINE), ""),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, the words behind it, its text."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"

    def word(self, name: str) -> str | None:
        """The value of ``name=value``, or None."""
        return next((w.partition("=")[2] for w in self.words if w.startswith(f"{name}=")), None)


@dataclass(frozen=True)
class Command:
    """A command of a console block, its exit code and the output that the page shows."""

    text: str
    code: int
    shown: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(page, text.count("\n", 0, m.start()) + 1, m[2], tuple(m[3].split()), dedent(m[4]))
        for m in _FENCE.finditer(text)
    ]


def every(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.language in languages]


def commands(block: Block) -> list[Command]:
    first, *parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not first, f"{block.place}: a console block starts with a command"
    given = [int(code) for code in (block.word("exit") or "0").split(",")]
    codes = [0] * (len(parts) - len(given)) + given
    split = [part.partition("\n") for part in parts]
    return [Command(text, code, shown) for code, (text, _, shown) in zip(codes, split, strict=True)]


def is_shown(shown: str, output: str) -> bool:
    """Whether an output is what a page shows, but for times, versions and what `…` stands for."""
    parts = [
        "(?:.*\n)*" if line == "…" else re.escape(line) + "\n"
        for line in without_varying(shown).splitlines()
    ]
    lines = without_varying(output).rstrip("\n").splitlines()
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in lines)) is not None


def without_varying(text: str) -> str:
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return text


class Shell:
    """A folder that looks like a clone to the commands of one page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        self.folder.mkdir()
        for name in ("cases", "docs"):
            (self.folder / name).symlink_to(ROOT / name)
        programs = folder / "bin"
        programs.mkdir()
        for name, call in (("tfjs-conformance", "-m conformance.cli"), ("python", "")):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
            program.chmod(0o755)
        path = [programs, *os.environ["PATH"].split(os.pathsep)]
        self._environment = {
            **os.environ,
            "PATH": os.pathsep.join(map(str, path)),
            "PYTHONPATH": str(ROOT),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "COLUMNS": "120",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def save(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def run(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self._environment, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout
