"""Where the files lie that the build makes: inside the installed package, or in the source tree."""

from __future__ import annotations

from pathlib import Path

from conformance.problems import HarnessError

_HERE = Path(__file__).resolve().parent
_INSTALLED = _HERE / "bundled"
_SOURCE = _HERE.parent


def runner() -> Path:
    """The tf.js runner, a program for Node; its WebAssembly binaries lie beside it.

    Raises:
        HarnessError: it was not built.
    """
    return _found("runner.cjs", _built())


def names_file() -> Path:
    """The JSON file with the names of the bundled tf.js: functions, methods, gradients, kernels.

    Raises:
        HarnessError: it was not built.
    """
    return _found("names.json", _built())


def cases() -> Path:
    """The folder of the cases that come with this program.

    Raises:
        HarnessError: it is not there.
    """
    return _found("cases", _INSTALLED if _INSTALLED.is_dir() else _SOURCE)


def _built() -> Path:
    return _INSTALLED if _INSTALLED.is_dir() else _SOURCE / "runner_js" / "dist"


def _found(name: str, folder: Path) -> Path:
    path = folder / name
    if not path.exists():
        raise HarnessError(
            f"{name} is missing from {folder}",
            "in a source tree, `pip install -e .` builds it; otherwise install the package again",
        )
    return path
