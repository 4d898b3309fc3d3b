"""A run, whatever its implementations do, ends in one verdict for each case and implementation."""

import shlex
import sys
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded import case

from conformance.implementations.address import parse
from conformance.implementations.options import Options
from conformance.judge import policy
from conformance.plan import Plan
from conformance.protocol import Argument
from conformance.results import cases_hash, read
from conformance.run import execute

FAKES = Path(__file__).parents[1] / "fakes"
COUNT = 12
CASES = [
    case(n, call="value", wrt=(), args=(Argument(dtype="float32", shape=(1,), data=b"\0\0\xc0?"),))
    for n in range(1, COUNT + 1)
]
IDS = st.sets(st.integers(1, COUNT), max_size=4)


def fake(name, numbers):
    script = [sys.executable, "-S", str(FAKES / f"{name}.py"), ",".join(map(str, sorted(numbers)))]
    return parse("cmd:" + shlex.join(script))


def plan(folder, *implementations):
    return Plan(
        cases=CASES,
        known=[one.id for one in CASES],
        cases_hash=cases_hash(CASES),
        implementations=implementations,
        policy=policy.parse("default"),
        entries=[],
        expectations_file="expectations.yaml",
        options=Options(restarts=20, stop_grace=0.2),
        path=folder / "r.ndjson",
    )


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(IDS, IDS)
def test_the_verdicts_add_up_to_the_plan(tmp_path, first, second):
    seen = []
    one, other = fake("crashes_at", first), fake("crashes_at", [*second, COUNT + 1])
    footer = execute(plan(tmp_path, one, other), seen.append)
    found = read(tmp_path / "r.ndjson")
    assert found.footer == footer
    assert footer.planned == 2 * COUNT == sum(footer.verdicts.values())
    assert sorted(item.case.id for item in found.settled) == sorted(c.id for c in CASES)
    assert list(found.settled) == seen
    words = Counter((v.implementation, v.verdict) for v in found.verdicts())
    assert words[one.address, "crashed"] == len(first)
    assert words[other.address, "crashed"] == len(second)
    assert words[one.address, "pass"] == COUNT - len(first)
    assert footer.verdicts["pass"] == 2 * COUNT - len(first) - len(second)
    assert found.unchecked() == len(first - second)
    assert found.header.reference == one.address
