"""Known divergences of tf.js, blamed on the op and the input that their causes name."""

from __future__ import annotations

import subprocess

import blaming
import msgspec
import pytest

from conformance.implementations import address
from conformance.protocol import PROTOCOL, Answer, Start

KNOWN = {
    "the gradient of cumsum along the first axis": (
        "x => tf.cumsum(tf.square(x), 0, false, true).mul(x)",
        {"x": [[[0.5, 1.0], [2.0, 3.0]], [[1.5, 0.25], [4.0, 0.125]]]},
        ("cumsum", "gradient", "0"),
    ),
    "the gradient of mirrorPad": (
        "x => tf.square(tf.mirrorPad(tf.exp(x), [[1, 0]], 'reflect'))",
        {"x": [-1.5, 0.5, -0.5]},
        ("mirrorPad", "gradient", "0"),
    ),
    "smoothed labels of three axes": (
        "x => tf.losses.softmaxCrossEntropy([[[0, 1], [1, 0], [0, 1]]], tf.sin(x), 1, 0.5)",
        {"x": [[[0.0, 0.5], [1.0, 0.0], [0.25, 0.0]]]},
        ("losses.softmaxCrossEntropy", "value", ""),
    ),
}
HONEST = {
    "a chain": "x => tf.tanh(tf.exp(tf.sin(x)))",
    "a result used three times": "x => { const y = tf.exp(x); return y.mul(y).add(y.square()); }",
    "several results": "x => { const [a, b] = tf.split(x, 2); return a.mul(tf.log(b)); }",
    "broadcasting": "x => tf.div(x, tf.sum(tf.exp(x)))",
}


@pytest.fixture(scope="module")
def tfjs():
    """Asks tf.js on its cpu backend."""
    implementation = address.parse("tfjs:cpu")
    with subprocess.Popen(
        implementation.argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:

        def ask(message):
            process.stdin.write(msgspec.json.encode(message) + b"\n")
            process.stdin.flush()
            return msgspec.json.decode(process.stdout.readline(), type=Answer)

        assert ask(Start(id=0, protocol=PROTOCOL)).started
        yield ask
        process.stdin.close()


def certificate(tfjs, source, **inputs):
    run = blaming.request(source, **inputs)
    said = tfjs(run)
    plain = tfjs(msgspec.structs.replace(run, tap=False))
    assert said.returned.value == plain.returned.value
    assert said.returned.grads == plain.returned.grads
    return blaming.certified(run, said.taps, said.returned, "cpu")


@pytest.mark.parametrize(("source", "inputs", "blamed"), KNOWN.values(), ids=KNOWN)
def test_a_known_divergence_is_blamed_on_its_op(tfjs, source, inputs, blamed):
    found = certificate(tfjs, source, **inputs).culprit
    assert (found.op, found.part, found.slot) == blamed


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_what_tfjs_computes_rightly_is_cleared(tfjs, source):
    assert certificate(tfjs, source, x=[0.5, 1.25, 0.75, 2.0]).clears
