"""The exact oracle as an implementation: ``python -m reference_impl.exact.worker``."""

from __future__ import annotations

import platform

import flint

from conformance.protocol import PROTOCOL, Returned, Run, Started, Threw
from reference_impl.api import serving
from reference_impl.exact.execute import FIRST_PRECISION, LAST_PRECISION, execute


class _Exact:
    """The oracle as the protocol wants it."""

    @staticmethod
    def prepare() -> None:
        """Nothing is to be prepared."""

    @staticmethod
    def started() -> Started:
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

    @staticmethod
    def execute(request: Run) -> Returned | Threw | str:
        return execute(request)


def main() -> None:
    """Answer until the harness says stop."""
    serving.serve(_Exact())


if __name__ == "__main__":
    main()
