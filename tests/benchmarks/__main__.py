"""Print the project's figures; every speed is a ratio to something measured in the same run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import psutil

from conformance import bundle
from conformance.implementations import address
from conformance.language.names import shipped
from conformance.suite.case import Case
from conformance.suite.load import load
from conformance.variants import Requests
from tests.benchmarks import (
    certified_power,
    false_reports,
    judging_power,
    judging_speed,
    oracle_share,
)

PROGRAM = (sys.executable, "-m", "conformance.cli")
ROOT = Path(__file__).resolve().parents[2]
OPS = ("add", "sub", "mul", "div", "maximum", "squaredDifference", "atan2", "pow", "minimum", "mod")
SMALL = """\
suite: benchmark
cases:
  - name: ${{op}} of small tensors
    for: {{op: [{ops}], seed: [{seeds}]}}
    f: (x, y) => tf.${{op}}(x, y).mul(x).sum()
    inputs:
      x: {{shape: [3], uniform: [1, 2], seed: '${{seed}}'}}
      y: {{shape: [3], uniform: [2, 3], seed: '${{seed}}'}}
"""
MARGIN = "{:<58} {:>10}   {}"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        line("figure", "measured", "target")
        words()
        cold()
        suite(scratch)
        whole, taken = oracle_share.share()
        line("share of that run that the oracle takes", f"{taken / whole:.1%}", "< 5%")
        throughput(scratch, 2_000)
        memory(scratch, 10_000)
    judging()
    certifying()


def judging() -> None:
    """The balls of the oracle: false reports, planted errors, and how fast they are."""
    reports = false_reports.count(10_000, seed=0)
    what = f"false reports in {reports.evaluations:,} evaluations, {reports.programs:,} programs"
    line(what, str(len(reports.false)), "0")
    for contract in ("tensorflow", "cpu", "wasm"):
        power = judging_power.measure(300, seed=0, contract=contract)
        for size, target in judging_power.TARGETS.items():
            share = power.caught[size, "theirs"] / power.planted[size, "theirs"]
            what = f"errors of {size:g} in answers of {contract} that are caught"
            line(what, f"{share:.1%}", f">= {target:.0%}")
        share = sum(width > judging_power.VACUOUS for width in power.widths) / len(power.widths)
        line("  vacuous elements", f"{share:.2%}", "<= 1%")
    wall, alone, _ = judging_speed.throughput(1_000, seed=0)
    line("programs judged a second, two processes", f"{wall:,.0f}", ">= 2,000")
    line("  by processor time", f"{alone:,.0f}", "")
    for what, seconds in judging_speed.convolution().items():
        line(f"convolution with its gradients, {what}", f"{1000 * seconds:.0f} ms", "< 60 ms")


def certifying() -> None:
    """The certificates of single steps: planted errors, whom they name, and false culprits."""
    for contract in ("tensorflow", "cpu", "wasm"):
        power = certified_power.measure(100, seed=0, contract=contract)
        for size, target in certified_power.TARGETS.items():
            share = power.share(power.caught, f"answer {size:g}")
            what = f"errors of {size:g} in answers of {contract} with a culprit"
            line(what, f"{share:.1%}", f">= {target:.0%}")
        named = sum(power.named.values()) / sum(power.caught.values())
        line("  culprits that are the planted op and part", f"{named:.1%}", ">= 99%")
        power = certified_power.measure(200, seed=1_000, contract=contract, kinds=())
        line(f"  false culprits in {power.programs:,} programs", str(len(power.false)), "0")


def line(what: str, measured: str, target: str) -> None:
    """Print one row."""
    sys.stdout.write(MARGIN.format(what, measured, target) + "\n")
    sys.stdout.flush()


def seconds(command: Sequence[str], times: int = 1) -> list[float]:
    """The wall times of a command."""
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
        found.append(time.perf_counter() - begin)
        assert done.returncode in {0, 1}, done.stderr  # 1: a verdict is unexpected, all the same
    return found


def words() -> None:
    """Commands that must start at once."""
    for words in (["--help"], ["list"]):
        found = statistics.median(seconds([*PROGRAM, *words], 5))
        line(f"tfjs-conformance {words[0]}, median of 5", f"{found:.2f} s", "< 0.25 s")


def cold() -> None:
    """A cold run of the two document examples, in pairs with importing TensorFlow."""
    run = [*PROGRAM, "run", "cases/documents"]
    bare = [sys.executable, "-c", "import tensorflow"]
    seconds(bare)
    pairs = [(seconds(run)[0], seconds(bare)[0]) for _ in range(5)]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    both = statistics.median(o for o, _ in pairs), statistics.median(t for _, t in pairs)
    line("cold run of two cases / import tensorflow, median of 5", f"{ratio:.2f}", "<= 1.20")
    line("  in seconds", f"{both[0]:.2f} / {both[1]:.2f}", "")


def suite(scratch: Path) -> None:
    """All shipped cases, with stored answers, against TensorFlow alone with the same programs."""
    cases = load([bundle.cases()], shipped())
    requests = scratch / "suite.ndjson"
    write_requests(requests, Requests(cases))
    bare = [sys.executable, "-m", "tests.benchmarks.bare", str(requests)]
    run = [*PROGRAM, "run"]
    seconds(bare)
    rounds = []
    for _ in range(3):
        before, ours, after = seconds(bare)[0], seconds(run)[0], seconds(bare)[0]
        rounds.append((ours / ((before + after) / 2), ours, before, after))
    ratios = sorted(ratio for ratio, *_ in rounds)
    what = f"all {len(cases):,} cases on three, answers stored / bare TensorFlow, of 3"
    line(what, f"{ratios[1]:.2f}", "<= 1.25")
    line("  lowest and highest ratio", f"{ratios[0]:.2f} - {ratios[-1]:.2f}", "")
    _, ours, before, after = sorted(rounds)[1]
    line("  in seconds, start-up included", f"{ours:.2f}", f"bare {before:.2f}, {after:.2f}")


def write_requests(path: Path, cases: Iterable[Case]) -> None:
    """A file with a request for each of these."""
    encode = msgspec.json.Encoder().encode
    path.write_bytes(b"".join(encode(c.request(n)) + b"\n" for n, c in enumerate(cases, 1)))


def write_cases(scratch: Path, count: int) -> Path:
    """A file with this many small concrete cases."""
    seeds = ", ".join(str(seed) for seed in range(count // len(OPS)))
    path = scratch / f"small_{count}.yaml"
    path.write_text(SMALL.format(ops=", ".join(OPS), seeds=seeds))
    return path


def throughput(scratch: Path, count: int) -> None:
    """Small cases on three implementations, against the bare loop of the slowest, TensorFlow."""
    path = write_cases(scratch, count)
    cases = load([path], shipped())
    requests = scratch / "requests.ndjson"
    write_requests(requests, cases)
    bare = [sys.executable, "-m", "tests.benchmarks.bare", str(requests)]
    rounds = []
    for _ in range(5):
        # The machine drifts within a round, so the bare loop is measured on both sides of the run.
        before = float(subprocess.check_output(bare, cwd=ROOT))
        whole = seconds([*PROGRAM, "run", str(path)])[0]
        start = seconds([*PROGRAM, "run", "cases/documents"])[0]
        after = float(subprocess.check_output(bare, cwd=ROOT))
        rounds.append(((whole - start) / ((before + after) / 2), whole - start, before, after))
    ratios = sorted(ratio for ratio, *_ in rounds)
    line(f"{count:,} cases on three / bare loop, median of 5", f"{ratios[2]:.2f}", "<= 1.25")
    line("  lowest and highest ratio", f"{ratios[0]:.2f} - {ratios[-1]:.2f}", "")
    _, ours, before, after = sorted(rounds)[2]
    line(
        "  in seconds, start-up apart", f"{ours:.2f}", f"bare TensorFlow {before:.2f}, {after:.2f}"
    )
    for backend in ("cpu", "wasm"):
        found = node_loop(backend, requests.read_bytes())
        line(f"  in seconds, bare tf.js on {backend}", f"{found:.2f}", "")


def node_loop(backend: str, requests: bytes) -> float:
    """The seconds that tf.js itself took for the requests, by its own clock."""
    argv = address.parse(f"tfjs:{backend}").argv
    start = b'{"id":0,"do":"start","protocol":1}\n'
    done = subprocess.run(argv, input=start + requests, capture_output=True, check=True)
    answers = [json.loads(text) for text in done.stdout.splitlines()[1:]]
    return sum(answer["returned"]["seconds"] for answer in answers)


def memory(scratch: Path, count: int) -> None:
    """The largest memory of the harness process itself, over many cases."""
    path = write_cases(scratch, count)
    begin = time.perf_counter()
    cases = load([path], shipped())
    line(f"loading and expanding {count:,} cases", f"{time.perf_counter() - begin:.2f} s", "")
    del cases
    with subprocess.Popen([*PROGRAM, "run", str(path)], cwd=ROOT, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:  # fmt: skip
        watched = psutil.Process(process.pid)
        largest = 0
        while process.poll() is None:
            try:
                largest = max(largest, watched.memory_info().rss)
                process.wait(0.05)
            except (psutil.NoSuchProcess, subprocess.TimeoutExpired):
                continue
    line(f"harness process with {count:,} cases", f"{largest / 2**20:.0f} MiB", "< 200 MiB")


if __name__ == "__main__":
    main()
