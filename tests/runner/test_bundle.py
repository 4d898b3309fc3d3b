"""What the build makes, where it is found, and what a failing build says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import hatch_build
from conformance import bundle
from conformance.problems import HarnessError


@pytest.fixture
def names() -> dict[str, list[str]]:
    return json.loads(bundle.names_file().read_bytes())


def test_the_names_hold_ops_namespaces_and_gradient_functions(names: dict[str, list[str]]) -> None:
    wanted = {"add", "fused.conv2d", "losses.huberLoss", "linalg.qr", "grads", "tensor", "tidy"}
    assert wanted <= set(names["functions"])
    assert {"add", "asType", "clone", "reshape", "matMul"} <= set(names["methods"])
    assert len(names["gradients"]) == 101
    assert (len(names["kernels"]["cpu"]), len(names["kernels"]["wasm"])) == (172, 157)


def test_the_names_reach_nothing_but_mathematics(names: dict[str, list[str]]) -> None:
    reached = {path.split(".")[0] for path in names["functions"]} | set(names["methods"])
    unsafe = {"io", "env", "engine", "setBackend", "backend", "registerKernel", "constructor"}
    reading = {"data", "dataSync", "array", "arraySync", "buffer", "bytes", "print", "dispose"}
    assert not reached & (unsafe | reading)
    assert not [path for path in names["functions"] if path.endswith("Async")]


def test_a_missing_bundle_is_told_with_a_hint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bundle, "_INSTALLED", tmp_path / "none")
    monkeypatch.setattr(bundle, "_SOURCE", tmp_path)
    with pytest.raises(HarnessError, match=r"runner\.cjs is missing") as caught:
        bundle.runner()
    assert "pip install" in str(caught.value.hint)


def test_an_installed_bundle_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    monkeypatch.setattr(bundle, "_INSTALLED", tmp_path)
    assert bundle.cases() == tmp_path / "cases"


def test_a_bundle_of_the_same_sources_is_not_built_again(tmp_path: Path) -> None:
    (tmp_path / "build.js").write_text("throw new Error('built')")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "built-from.sha256").write_text(hatch_build.digest(tmp_path))
    hatch_build.build_runner(tmp_path)


def test_the_digest_changes_with_every_source(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    found = {hatch_build.digest(tmp_path)}
    for name in ("package.json", "package-lock.json", ".npmrc", "build.js", "src/core.js"):
        (tmp_path / name).write_text("changed")
        found.add(hatch_build.digest(tmp_path))
    assert len(found) == 6


def test_a_failing_build_says_what_failed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)building the tf\.js runner failed.*hint:"):
        hatch_build.build_runner(tmp_path)  # npm ci has no package-lock.json here
