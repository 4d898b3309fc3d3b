"""The whole suite, once, with traces: nothing is untested, and ``docs/coverage.md`` says so."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "conformance.cli", "coverage")
# TensorFlow does not trace, and the document has no verdicts: tf.js alone says all of it.
ASKED = ("-i", "tfjs:cpu", "-i", "tfjs:wasm")


@pytest.mark.slow
def test_the_shipped_cases_leave_no_gap_and_the_document_is_fresh():
    done = subprocess.run(
        [*COMMAND, *ASKED, "--check", "docs/coverage.md"], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
