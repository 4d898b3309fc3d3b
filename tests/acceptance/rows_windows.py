"""How the ops are written that slide windows, normalize, or treat images and signals."""

from __future__ import annotations

from tests.acceptance.maker import (
    DIVISOR,
    MODERATE,
    POSITIVE,
    PROBABILITY,
    TENS,
    UNIT,
    Domain,
    Unfit,
    row,
)
from tests.acceptance.rows_shapes import listed, rank_in

FILTERED = Domain(-30, 30, MODERATE.fixes)


def image(m, domain=FILTERED, channels=None, batch=1):
    """A batch of images, at least three pixels high and wide, or a new one."""

    def fits(shape):
        return len(shape) == 4 and min(shape[1:3]) > 2 and channels in {None, shape[3]}

    if any(fits(known.shape) for known in m.known.values()):
        return m.value(domain, fits=fits)
    depth = m.choice(1, 2) if channels is None else channels
    return m.input((batch, m.random.randint(3, 5), m.random.randint(3, 5), depth), MODERATE)


def padding(m):
    return m.choice("'same'", "'valid'")


@row("window", "conv2d", "fused.conv2d", "dilation2d", "depthwiseConv2d", "fused.depthwiseConv2d",
     "separableConv2d")  # fmt: skip
def convolution(m, name):
    x = image(m)
    depth, side, strides = m.shape_of(x)[3], m.choice(1, 2, 3), m.choice(1, 1, 2)
    rest = f"{strides}, {padding(m)}"
    if name == "dilation2d":
        return f"tf.{name}({x}, {m.input((side, side, depth), UNIT)}, {rest}, 1)"
    if name == "separableConv2d":
        first, second = m.input((side, side, depth, 1)), m.input((1, 1, depth, 2))
        return f"tf.{name}({x}, {first}, {second}, {rest})"
    f = m.input((side, side, depth, 1 if "epth" in name else m.choice(1, 2)))
    if not name.startswith("fused"):
        return f"{x}.{name}({f}, {rest})"
    width = m.inputs[f].shape[3] * (depth if "epth" in name else 1)
    activation = m.choice("'relu'", "'linear'", "'elu'", "'sigmoid'")
    return (
        f"tf.{name}({{x: {x}, filter: {f}, strides: {strides}, pad: {padding(m)},"
        f" bias: {m.input((width,))}, activation: {activation}}})"
    )


@row("window", "conv2dTranspose")
def transposed(m, name):
    x = image(m)
    batch, height, width, depth = m.shape_of(x)
    f = m.input((2, 2, 1, depth))
    return f"{x}.{name}({f}, {listed((batch, 2 * height, 2 * width, 1))}, 2, 'same')"


@row("window", "conv3dTranspose")
def transposed_3d(m, name):
    x = m.input((1, 2, 2, 2, 1))
    return f"tf.{name}({x}, {m.input((2, 2, 2, 1, 1))}, [1, 4, 4, 4, 1], 2, 'same')"


@row("window", "conv1d")
def line(m, name):
    x = m.value(FILTERED, rank=3)
    depth = m.shape_of(x)[2]
    return f"{x}.{name}({m.input((m.choice(1, 2, 3), depth, 2))}, 1, 'same')"


@row("window", "conv3d", "avgPool3d", "maxPool3d")
def volume(m, name):
    x = m.value(FILTERED, rank=5) if m.chance(0.3) else m.input((1, 3, 3, 3, 1))
    depth = m.shape_of(x)[4]
    if name == "conv3d":
        return f"tf.{name}({x}, {m.input((2, 2, 2, depth, 1))}, 1, {padding(m)})"
    return f"tf.{name}({x}, 2, {m.choice(1, 2)}, 'same')"


@row("window", "avgPool", "maxPool")
def pooled(m, name):
    return f"{image(m)}.{name}({m.choice(2, 3)}, {m.choice(1, 2)}, {padding(m)})"


@row("window", "maxPoolWithArgmax", "pool")
def pooled_otherwise(m, name):
    if name == "pool":
        how = m.choice("'avg'", "'max'")
        return f"tf.pool({image(m)}, 2, {how}, 'valid')"
    return f"tf.{name}({image(m)}, 2, 2, 'same').result"


@row("normalization", "batchNorm", "batchNorm2d", "batchNorm3d", "batchNorm4d")
def batch_norm(m, name):
    x = m.value(TENS, rank=rank_in(name), fits=lambda s: len(s) > 1)
    depth = m.shape_of(x)[-1:]
    mean, variance, offset, scale = (
        m.input(depth, domain) for domain in (UNIT, POSITIVE, MODERATE, MODERATE)
    )
    more = m.choice("", f", {offset}, {scale}", f", {offset}, {scale}, 0.01")
    return f"tf.{name}({x}, {mean}, {variance}{more})"


@row("normalization", "localResponseNormalization")
def local_response(m, name):
    more = m.choice("", "1", "2, 1.5, 0.5, 0.75")
    return f"{image(m, TENS)}.{name}({more})"


@row("image", "image.resizeBilinear", "image.resizeNearestNeighbor")
def resized(m, name):
    x = image(m)
    size = [m.random.randint(2, 6), m.random.randint(2, 6)]
    return f"tf.{name}({x}, {listed(size)}{m.choice('', ', true', ', false, true')})"


@row("image", "image.cropAndResize")
def cropped(m, name):
    boxes = "tf.tensor2d([[0.1, 0.2, 0.8, 0.9]])"
    return f"tf.{name}({image(m)}, {boxes}, tf.tensor1d([0], 'int32'), [2, 3])"


@row("image", "image.flipLeftRight")
def flipped(m, name):
    return f"tf.{name}({image(m)})"


@row("image", "image.grayscaleToRGB", "image.rgbToGrayscale")
def gray(m, name):
    return f"tf.{name}({image(m, channels=1 if 'ToRGB' in name else 3)})"


@row("image", "image.rotateWithOffset")
def rotated(m, name):
    return f"tf.{name}({image(m)}, {m.number(-0.5, 0.5)}, 0.5)"


@row("image", "image.transform")
def projected(m, name):
    numbers = [m.random.uniform(at - 0.3, at + 0.3) for at in (1, 0, 0.4, 0, 1, -0.4)]
    moved = f"tf.tensor2d([{listed([f'{one:.3f}' for one in [*numbers, 0, 0]])}])"
    how = m.choice("'bilinear'", "'nearest'")
    return f"tf.{name}({image(m)}, {moved}, {how})"


@row("moving", "depthToSpace", "spaceToBatchND", "batchToSpaceND")
def blocks(m, name):
    match name:
        case "depthToSpace":
            return f"tf.{name}({m.input((1, 2, 2, 4))}, 2)"
        case "spaceToBatchND":
            x = m.input((1, 2, 4, 1))
            return f"{x}.{name}([2, 2], [[0, 0], [0, 0]])"
        case _:
            return f"{m.input((4, 1, 2, 1))}.{name}([2, 2], [[0, 0], [0, 0]])"


@row("signal", "fft", "ifft", "spectral.fft", "spectral.ifft")
def spectrum(m, name):
    x = m.value(TENS, fits=lambda shape: len(shape) > 0 and shape[-1] > 1)
    y = m.value(TENS, shape=m.shape_of(x))
    made = f"tf.spectral.{name.removeprefix('spectral.')}(tf.complex({x}, {y}))"
    return m.choice(f"tf.real({made})", f"tf.imag({made})")


@row("signal", "rfft", "spectral.rfft", "complex", "real", "imag")
def real_spectrum(m, name):
    x = m.value(TENS, fits=lambda shape: len(shape) > 0 and shape[-1] > 1)
    match name:
        case "rfft" | "spectral.rfft":
            return m.choice(*(f"tf.{part}(tf.spectral.rfft({x}))" for part in ("real", "imag")))
        case "complex":
            return f"tf.{name}({x}, {m.value(TENS, shape=m.shape_of(x))}).abs()"
        case _:
            return f"tf.{name}(tf.complex({x}, {x}.sin()))"


@row("signal", "irfft", "spectral.irfft")
def from_spectrum(m, name):
    x = m.value(TENS, fits=lambda shape: len(shape) > 0 and shape[-1] > 1)
    y = m.value(TENS, shape=m.shape_of(x))
    return f"tf.spectral.{name.removeprefix('spectral.')}(tf.complex({x}, {y}))"


@row("signal", "signal.frame", "signal.stft", "cosineWindow", "signal.hammingWindow",
     "signal.hannWindow")  # fmt: skip
def framed(m, name):
    x = m.value(TENS, rank=1)
    (size,) = m.shape_of(x)
    if size < 2:
        raise Unfit
    match name:
        case "signal.frame":
            return f"tf.{name}({x}, 2, 1)"
        case "signal.stft":
            return f"tf.real(tf.{name}({x}, 2, 1))"
        case "cosineWindow":
            return f"{x}.mul(tf.{name}({size}, 0.5, 0.4))"
        case _:
            return f"{x}.mul(tf.{name}({size}))"


LOSSES = {
    "absoluteDifference": (MODERATE, MODERATE), "hingeLoss": (MODERATE, MODERATE),
    "huberLoss": (MODERATE, MODERATE), "logLoss": (PROBABILITY, PROBABILITY),
    "meanSquaredError": (MODERATE, MODERATE), "sigmoidCrossEntropy": (PROBABILITY, TENS),
    "softmaxCrossEntropy": (PROBABILITY, TENS), "computeWeightedLoss": (POSITIVE, TENS),
    "cosineDistance": (MODERATE, MODERATE),
}  # fmt: skip


@row("loss", *(f"losses.{name}" for name in LOSSES))
def loss(m, name):
    of_labels, of_predictions = LOSSES[name.removeprefix("losses.")]
    predictions = m.value(of_predictions, fits=lambda s: len(s) and s[-1] > 1)
    shape = m.shape_of(predictions)
    labels = m.input(shape, of_labels)
    if name == "losses.computeWeightedLoss":
        return f"tf.{name}({predictions}, {labels})"
    axis = f", {len(shape) - 1}" if name == "losses.cosineDistance" else ""
    if name == "losses.softmaxCrossEntropy" or m.chance(0.5):
        return f"tf.{name}({labels}, {predictions}{axis})"
    # Given per element, or per row for a distance along the last axis.
    per = (*shape[:-1], 1) if axis else shape
    return f"tf.{name}({labels}, {predictions}{axis}, {m.input(per, POSITIVE)})"


@row("recurrent", "basicLSTMCell", "multiRNNCell")
def cell(m, name):
    data = m.value(MODERATE, fits=lambda s: len(s) == 2 and s[0] <= 2 and s[1] <= 3)
    batch, depth = m.shape_of(data)
    kernel, bias = m.input((depth + 1, 4), UNIT), m.input((4,), UNIT)
    c, h = m.input((batch, 1), UNIT), m.input((batch, 1), UNIT)
    if name == "basicLSTMCell":
        return f"tf.{name}(tf.scalar(1), {kernel}, {bias}, {data}, {c}, {h})[{m.choice(0, 1)}]"
    one = f"(data, c, h) => tf.basicLSTMCell(tf.scalar(1), {kernel}, {bias}, data, c, h)"
    return f"tf.{name}([{one}], {data}, [{c}], [{h}])[{m.choice(0, 1)}][0]"


@row("recurrent", "movingAverage")
def average(m, name):
    x = m.value(MODERATE)
    before = m.input(m.shape_of(x))
    return f"tf.{name}({before}, {x}, {m.choice('0.9', '0.6')}, {m.choice(2, 3)})"


@row("recurrent", "raggedTensorToTensor", "raggedGather")
def ragged(m, name):
    x = m.value(rank=1, fits=lambda shape: shape[0] > 1)
    (size,) = m.shape_of(x)
    splits = f"tf.tensor1d([0, 1, {size}], 'int32')"
    if name == "raggedGather":
        return f"tf.{name}([{splits}], {x}, tf.tensor1d([1, 0], 'int32'), 1).outputDenseValues"
    default = m.input((), DIVISOR)
    return (
        f"tf.{name}(tf.tensor1d([2, {size}], 'int32'), {x}, {default}, [{splits}], ['ROW_SPLITS'])"
    )


@row("moving", "dropout")
def kept(m, name):
    return f"tf.{name}({m.value()}, 0).mul(2)"
