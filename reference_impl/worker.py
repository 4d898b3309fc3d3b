"""TensorFlow as an implementation of the protocol: ``python -m reference_impl.worker``."""

from __future__ import annotations

import os

from conformance.protocol import Answer, Run, Start, Started
from reference_impl import settings
from reference_impl.api import serving


class _TensorFlow:
    """TensorFlow is imported when its environment is set, not before."""

    @staticmethod
    def prepare() -> None:
        os.environ.update(settings.ENVIRONMENT)
        settings.pin()

    @staticmethod
    def started(_start: Start) -> Started:
        return settings.started()

    @staticmethod
    def execute(request: Run) -> Answer:
        # By now TensorFlow is imported and pinned.
        from reference_impl.execute import answer  # noqa: PLC0415

        return answer(request)


def main() -> None:
    """Answer until the harness says stop."""
    serving.serve(_TensorFlow())


if __name__ == "__main__":
    main()
