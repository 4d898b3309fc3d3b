"""One run of all shipped cases, which the tests of this folder look at from several sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import program


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of all shipped cases on tensorflow, tfjs:cpu and tfjs:wasm."""
    path = tmp_path_factory.mktemp("whole") / "whole.ndjson"
    program("run", "--trace", "--results", path)
    return path
