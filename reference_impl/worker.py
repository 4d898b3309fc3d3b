"""TensorFlow as an implementation of the protocol: ``python -m reference_impl.worker``."""

from __future__ import annotations

import os

from conformance.protocol import Returned, Run, Started, Threw
from reference_impl import settings
from reference_impl.api import serving


class _TensorFlow:
    """TensorFlow is imported when its environment is set, not before."""

    @staticmethod
    def prepare() -> None:
        os.environ.update(settings.ENVIRONMENT)
        settings.pin()

    @staticmethod
    def started() -> Started:
        return settings.started()

    @staticmethod
    def execute(request: Run) -> Returned | Threw | str:
        # By now TensorFlow is imported and pinned.
        from reference_impl.execute import execute  # noqa: PLC0415

        return execute(request)


def main() -> None:
    """Answer until the harness says stop."""
    serving.serve(_TensorFlow())


if __name__ == "__main__":
    main()
