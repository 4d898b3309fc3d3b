"""The pins that make TensorFlow's results repeatable, and who it is that answers.

``ENVIRONMENT`` must be set before TensorFlow is imported, so nothing here imports it on its own.
"""

from __future__ import annotations

import platform
from pathlib import Path

from conformance.protocol import PROTOCOL, Started
from reference_impl import seeds

ENVIRONMENT = {
    # oneDNN sums in an order that depends on the CPU.
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
}

_THREADS = 1
_SMALL, _VECTORS = 1, 33
_SUBNORMAL = 1e-40
# The instructions that decide how TensorFlow and Eigen round and sum.
_FLAGS = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512_bf16", "amx_bf16", "asimd")


def pin() -> None:
    """Take from TensorFlow what could make two runs differ: threads, kernels without an order."""
    import tensorflow as tf  # noqa: PLC0415

    tf.config.threading.set_intra_op_parallelism_threads(_THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(_THREADS)
    tf.config.experimental.enable_op_determinism()


def started() -> Started:
    """Who answers: versions, pins, and what was measured at start."""
    import numpy as np  # noqa: PLC0415
    import tensorflow as tf  # noqa: PLC0415

    return Started(
        name="tensorflow",
        version=tf.__version__,
        runtime=f"python {platform.python_version()}",
        protocol=PROTOCOL,
        reads="tree",
        backend="cpu",
        flushes_subnormals=flushes_subnormals(),
        settings={
            **ENVIRONMENT,
            "intra_op_parallelism_threads": str(_THREADS),
            "inter_op_parallelism_threads": str(_THREADS),
            "op_determinism": "enabled",
            "random_seed": f"{seeds.FIRST}, the same for every case",
            "numpy": np.__version__,
            "machine": platform.machine(),
            "cpu_flags": " ".join(_cpu_flags()),
            "compiler": str(tf.sysconfig.get_build_info().get("cpu_compiler", "unknown")),
        },
    )


def flushes_subnormals() -> bool:
    """Whether a subnormal float32 times 1 is 0, alone or in a row long enough for vectors."""
    import tensorflow as tf  # noqa: PLC0415

    for count in (_SMALL, _VECTORS):
        product = tf.fill([count], _SUBNORMAL) * tf.ones([count])
        if not product.numpy().all():
            return True
    return False


def _cpu_flags() -> list[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() in {"flags", "features"}:
            present = set(value.split())
            return [flag for flag in _FLAGS if flag in present]
    return []
