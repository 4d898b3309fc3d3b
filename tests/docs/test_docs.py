"""What the documents show is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import fenced
import msgspec
import pytest
import yaml
from fenced import PAGES, ROOT, Block, Shell

from conformance import cli, results
from conformance.protocol import Answer, Request, what

WORKFLOW = ROOT / "docs" / "examples" / "github-workflow.yml"
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _name(value: object) -> str:
    return value.place if isinstance(value, Block) else getattr(value, "name", str(value))


def _is_case_file(block: Block) -> bool:
    return block.text.lstrip("# ").startswith(("suite:", "yaml-language-server"))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_commands_of_a_page_print_what_it_shows(page: Path, tmp_path: Path):
    shell = Shell(tmp_path)
    for block in fenced.blocks(page):
        if name := block.word("file"):
            shell.save(name, block.text)
        elif block.language == "bash" and "install" not in block.words:
            code, output = shell.run(f"set -e\n{block.text}")
            assert code == 0, f"{block.place}\n{output}"
        elif block.language == "python" and not block.words:
            shell.save("block.py", block.text)
            code, output = shell.run("python block.py")
            assert code == 0, f"{block.place}\n{output}"
        elif block.language == "console":
            for command in fenced.commands(block):
                code, output = shell.run(command.text)
                told = f"{block.place}\n$ {command.text}\n{output}"
                assert code == command.code, f"exit code {code} at {told}"
                assert fenced.is_shown(command.shown, output), f"not what is shown: {told}"


def test_the_cases_of_all_pages_have_the_verdicts_that_the_text_says(tmp_path: Path):
    shell = Shell(tmp_path)
    files: dict[str, Block] = {}
    for block in fenced.every("yaml"):
        if _is_case_file(block) and not {"invalid", "changed"} & set(block.words):
            files[f"block-{len(files)}.yaml"] = block
    for name, block in files.items():
        shell.save(name, block.text)
    code, output = shell.run(f"tfjs-conformance run {shlex.join(files)} --results all.ndjson")
    assert code in {0, 1}, output
    found = results.read(shell.folder / "all.ndjson")
    wrong = []
    missing = {(name, word) for name, block in files.items() for word in block.words if "=" in word}
    for item in found.settled:
        block = files[item.case.file]
        for verdict in item.verdicts:
            said = f"{verdict.implementation}={verdict.verdict}"
            missing.discard((item.case.file, said))
            if verdict.verdict != "pass" and said not in block.words:
                wrong.append(f"{block.place}: {verdict.case}: {said}: {verdict.why}")
    assert not wrong, "\n".join(wrong)
    assert {word for _, word in missing if not word.startswith("file=")} == set()
    assert {item.case.file for item in found.settled} == set(files)


def test_the_commands_of_the_readme_are_those_that_ci_executes():
    shown = [b.text.strip() for b in fenced.blocks(ROOT / "README.md") if b.language == "bash"]
    executed = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert len(shown) == 2
    assert [line for line in executed if line in shown] == shown


@pytest.mark.parametrize("block", fenced.every("bash", "sh"), ids=_name)
def test_shell_blocks_are_valid_and_call_commands_that_exist(block: Block):
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
    _check_commands(block.text)


@pytest.mark.parametrize("block", fenced.every("json"), ids=_name)
def test_messages_are_of_the_protocol(block: Block):
    for line in block.text.splitlines():
        if "do" in msgspec.json.decode(line):
            msgspec.json.decode(line, type=Request)
        else:
            what(msgspec.json.decode(line, type=Answer))


@pytest.mark.parametrize("block", fenced.every("python"), ids=_name)
def test_parts_of_files_are_quoted_word_by_word(block: Block):
    if path := block.word("part-of"):
        assert block.text in (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=_name)
def test_links_lead_somewhere(page: Path):
    for target in _LINK.findall(page.read_text("utf-8")):
        if target.startswith("https:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in _anchors(file), f"{page.name}: {target}"


def test_the_workflow_calls_commands_that_exist():
    workflow = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert any("tfjs-conformance run" in step.get("run", "") for step in steps)
    for step in steps:
        assert ("run" in step) != ("uses" in step)
        _check_commands(step.get("run", ""))


@pytest.mark.parametrize("page", ["README.md", "docs/run.md", "docs/ci.md"])
def test_the_exit_codes_are_those_of_the_program(page: str):
    text = (ROOT / page).read_text("utf-8")
    rows = re.findall(r"^\| (\d+|128 \+ N) \| (.+) \|$", text, re.MULTILINE)
    assert rows == re.findall(r"^  (\d+|128 \+ N)  (.+)$", cli.EXIT_CODES, re.MULTILINE)


def test_the_picture_shows_what_this_version_prints():
    script = ROOT / "docs" / "make_pictures.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _check_commands(text: str) -> None:
    for call in re.findall(r"tfjs-conformance ([^\n&|;]+)", text):
        name, *arguments = shlex.split(call)
        command = cli.main.commands[name]
        command.make_parser(click.Context(command)).parse_args(arguments)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
