"""The bare loops: the same programs in one process, without harness, pipes or judge.

``python -m tests.benchmarks.bare REQUESTS`` runs the lines of a file of requests on TensorFlow,
after one pass over the first of them to warm up, and prints the seconds that the loop took.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec

from conformance.protocol import Run
from reference_impl import settings


def main() -> None:
    """Time the loop over the requests in the file that is named on the command line."""
    os.environ.update(settings.ENVIRONMENT)
    settings.pin()
    from reference_impl.execute import execute  # noqa: PLC0415  after the pins

    lines = Path(sys.argv[1]).read_bytes().splitlines()
    requests = [msgspec.json.decode(line, type=Run) for line in lines]
    execute(requests[0])
    begin = time.perf_counter()
    for request in requests:
        execute(request)
    sys.stdout.write(f"{time.perf_counter() - begin}\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
