"""A tensor as dtype, shape and exact little-endian bits.

The bits are what travels, what is stored and what is judged: NaN payloads, signed zeros and
subnormals survive. ``bytes`` become base64 in JSON.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DType = Literal["float32", "int32", "bool", "complex64", "string"]

ITEM_SIZE: dict[str, int] = {"float32": 4, "int32": 4, "bool": 1, "complex64": 8}
_NUMPY: dict[str, str] = {"float32": "<f4", "int32": "<i4", "bool": "|b1", "complex64": "<c8"}


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tensor of a tf.js dtype.

    ``data`` holds the elements in row-major order, little-endian: 4 bytes for float32 and int32,
    1 for bool, 8 for complex64 (real, imaginary); a string element is its UTF-8 length as an
    unsigned 32-bit integer followed by the UTF-8 bytes.
    """

    dtype: DType
    shape: tuple[int, ...]
    data: bytes

    @property
    def size(self) -> int:
        """The number of elements: 1 for a scalar, 0 for an empty tensor."""
        return math.prod(self.shape)

    def numpy(self) -> NDArray[np.generic]:
        """The elements as a NumPy array of the tensor's shape; object dtype for strings.

        Raises:
            ValueError: the number of bytes does not fit dtype and shape.
        """
        import numpy as np  # noqa: PLC0415  the command line must start without NumPy

        if self.dtype == "string":
            return np.array(self.strings(), dtype=object).reshape(self.shape)
        return np.frombuffer(self.data, dtype=_NUMPY[self.dtype]).reshape(self.shape)

    def strings(self) -> list[str]:
        """The elements of a string tensor, flat, in row-major order.

        Raises:
            ValueError: the bytes are no list of strings.
        """
        found: list[str] = []
        at = 0
        while at < len(self.data):
            if at + 4 > len(self.data):
                raise ValueError("the data of a string tensor ends inside a length")
            (length,) = struct.unpack_from("<I", self.data, at)
            at += 4
            if at + length > len(self.data):
                raise ValueError("the data of a string tensor ends inside a string")
            found.append(self.data[at : at + length].decode("utf-8"))
            at += length
        return found

    def problem(self) -> str | None:
        """What is wrong with this tensor's own form, or None: a negative size, missing bytes."""
        if any(size < 0 for size in self.shape):
            return f"a negative size in shape {list(self.shape)}"
        if self.dtype == "string":
            try:
                held = len(self.strings())
            except ValueError as error:
                return str(error)
            return None if held == self.size else f"{held} strings for shape {list(self.shape)}"
        wanted = self.size * ITEM_SIZE[self.dtype]
        if len(self.data) != wanted:
            return (
                f"{len(self.data)} bytes of {self.dtype} for shape {list(self.shape)},"
                f" which takes {wanted}"
            )
        return None


def from_numpy(array: NDArray[np.generic]) -> Tensor:
    """The tensor with the bits of a NumPy array of dtype float32, int32, bool, complex64 or object.

    Raises:
        TypeError: the array has another dtype, which tf.js does not have.
    """
    import numpy as np  # noqa: PLC0415

    if array.dtype == object:
        return from_strings([str(item) for item in array.reshape(-1)], array.shape)
    for dtype, spelling in _NUMPY.items():
        if array.dtype == np.dtype(spelling):
            shape = tuple(int(size) for size in array.shape)
            data = np.ascontiguousarray(array, dtype=spelling).tobytes()
            return Tensor(dtype=dtype, shape=shape, data=data)  # type: ignore[arg-type]
    raise TypeError(f"tf.js has no dtype {array.dtype}")


def from_strings(items: list[str], shape: tuple[int, ...]) -> Tensor:
    """The string tensor of these elements, given flat in row-major order."""
    encoded = [item.encode("utf-8") for item in items]
    data = b"".join(struct.pack("<I", len(item)) + item for item in encoded)
    return Tensor(dtype="string", shape=tuple(shape), data=data)
