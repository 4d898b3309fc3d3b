"""The exact oracle as an implementation: ``python -m reference_impl.exact.worker``."""

from __future__ import annotations

import platform

import flint

from conformance.protocol import PROTOCOL, Answer, Contract, Run, Start, Started
from reference_impl.api import serving
from reference_impl.exact.execute import FIRST_PRECISION, LAST_PRECISION, answer


class _Exact:
    """The oracle as the protocol wants it."""

    def __init__(self) -> None:
        self._contracts: dict[str, Contract] = {}

    @staticmethod
    def prepare() -> None:
        """Nothing is to be prepared."""

    def started(self, start: Start) -> Started:
        self._contracts = start.contracts
        return Started(
            name="exact",
            version=flint.__version__,
            runtime=f"python {platform.python_version()}",
            protocol=PROTOCOL,
            reads="tree",
            backend="arb",
            settings={
                "python-flint": flint.__version__,
                "flint": flint.__FLINT_VERSION__,
                "precision": f"{FIRST_PRECISION} to {LAST_PRECISION} bits",
            },
        )

    def execute(self, request: Run) -> Answer:
        return answer(request, self._contracts)


def main() -> None:
    """Answer until the harness says stop."""
    serving.serve(_Exact())


if __name__ == "__main__":
    main()
