"""The build step of the wheel: bundles the tf.js runner with npm and esbuild.

The wheel holds the bundle and the cases as ``conformance/bundled``, so an installed package needs
neither npm nor a network. An editable installation uses ``runner_js/dist`` and ``cases`` in place.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLED = "conformance/bundled"
INPUTS = ("package.json", "package-lock.json", ".npmrc", "build.js", "src/*.js")


class RunnerBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # the configuration is not ours
    """Builds ``runner_js/dist`` when its sources changed, and puts it into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before the wheel is written; ``version`` is ``standard`` or ``editable``."""
        root = Path(self.root)
        build_runner(root / "runner_js")
        if version != "editable":
            build_data["force_include"][str(root / "runner_js" / "dist")] = BUNDLED
            build_data["force_include"][str(root / "cases")] = f"{BUNDLED}/cases"


def build_runner(folder: Path) -> None:
    """Build ``dist`` in the folder of the runner, unless it was built from the same sources.

    Raises:
        RuntimeError: npm or the bundler failed; the message has what they said.
    """
    from nodejs import node  # noqa: PLC0415  at hand in the build environment alone

    stamp = folder / "dist" / "built-from.sha256"
    wanted = digest(folder)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    npm = Path(node.path).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ("--omit=dev", "--loglevel=error")
    run(folder, node.path, str(npm), "ci", *quiet)
    run(folder, node.path, "build.js")
    stamp.write_text(wanted)


def digest(folder: Path) -> str:
    """The SHA-256 of all that the bundle is made from, in hexadecimal."""
    total = hashlib.sha256()
    for pattern in INPUTS:
        for path in sorted(folder.glob(pattern)):
            total.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def run(folder: Path, *command: str) -> None:
    """Run one step of the build in a folder.

    Raises:
        RuntimeError: the step failed.
    """
    done = subprocess.run(  # noqa: S603  the commands are those above
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"building the tf.js runner failed: `{' '.join(command)}` in {folder} ended with"
            f" exit code {done.returncode}\n{done.stdout}{done.stderr}"
            "\nhint: the build takes its packages from the npm registry; is it reachable?"
        )
