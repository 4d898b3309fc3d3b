"""Calls the command line as a user does: in a process of its own, with fakes that answer fast."""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
FAKES = ROOT / "tests" / "fakes"
COMMAND = (sys.executable, "-m", "conformance.cli")
DEADLINE = 60
# -2, which no case asks for.
WRONG = '{"id":@,"returned":{"value":{"dtype":"float32","shape":[1],"data":"AAAAwA=="}}}'


def environment(folder, **extra):
    """Surroundings in which nothing but the arguments has a say; caches lie in the folder."""
    plain = {k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "COLUMNS"}}
    return {**plain, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder), **extra}


def without_oracle(*words):
    """A command line; the oracle stays away, for it takes a second and has tests of its own."""
    return [*words, "--no-oracle"] if words[0] in {"run", "show"} else [*words]


def call(folder, *words, code=None, oracle=False, **extra):
    """The end of a command, run in a folder; its exit code is asserted where one is given."""
    words = words if oracle else without_oracle(*words)
    surroundings = environment(folder, **extra)
    done = subprocess.run(
        [*COMMAND, *map(str, words)], cwd=folder, env=surroundings,
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


@contextlib.contextmanager
def started(folder, *words):
    """A command that is still running; it is killed if it is left so."""
    with subprocess.Popen(
        [*COMMAND, *map(str, without_oracle(*words))], cwd=folder, env=environment(folder),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def fake(name, *words):
    """The address of a fake."""
    script = FAKES / f"{name}.py"
    assert script.is_file()
    return "cmd:" + shlex.join([sys.executable, "-S", str(script), *map(str, words)])


def wrong_at(number):
    """The address of a fake that is wrong about one case."""
    return fake("says_what", number, WRONG)


def asked(*addresses):
    """The options that name implementations."""
    return [word for address in addresses for word in ("-i", address)]


def suite(folder, count=6, *, stated=True, name="s"):
    """A file of cases with the ids `s/case[n=1]` and so on, whose answer is their input."""
    numbers = ", ".join(map(str, range(1, count + 1)))
    text = (
        f"suite: {name}\ncases:\n  - name: case\n    for: {{n: [{numbers}]}}\n    call: value\n"
        "    f: x => x\n    inputs: {x: {shape: [1], linspace: ['${n}', '${n}']}}\n"
    )
    text += "    expect: {value: ['${n}']}\n" if stated else ""
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def lines(path):
    """The lines of a results file, by what they are."""
    return [next(iter(json.loads(line).items())) for line in path.read_text().splitlines()]


def footer(path):
    """The footer of a results file, with its sums checked against its verdicts."""
    everything = lines(path)
    kind, found = everything[-1]
    assert kind == "footer"
    words = [value["verdict"] for kind, value in everything if kind == "verdict"]
    assert found["verdicts"] == {word: words.count(word) for word in found["verdicts"]}
    assert sum(found["verdicts"].values()) == len(words)
    if not found["interrupted"]:
        assert len(words) == found["planned"]
    return found


def counted(path):
    """How many verdicts say what, without the words that no verdict has."""
    return {word: count for word, count in footer(path)["verdicts"].items() if count}


def plain(path):
    """The lines of a results file without what depends on time, in any order."""
    found = lines(path)
    for _, value in found:
        for field in ("seconds", "sha256", "oracle"):
            value.pop(field, None)
    return sorted(map(repr, found))


def children_of(process):
    """The processes that a process started, once it has some."""
    return psutil.Process(process.pid).children(recursive=True)


def are_gone(processes):
    """Whether all these processes end before the deadline."""
    _, alive = psutil.wait_procs(processes, timeout=DEADLINE)
    # In a container whose init does not reap, an orphan may stay a zombie: it is dead all the same.
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def wait_for(process, path, verdicts):
    """Wait until the results file of a running process has so many verdicts."""
    deadline = time.monotonic() + DEADLINE
    while not path.exists() or path.read_bytes().count(b'{"verdict":{') < verdicts:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
