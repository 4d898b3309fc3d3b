"""Operations / String."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from reference_impl.ops._table import op


@op(name="string.staticRegexReplace", method=False, input="string")
def staticRegexReplace(
    input: Tensor, pattern: str, rewrite: str, replaceGlobal: bool = True
) -> Tensor:
    return tf.raw_ops.StaticRegexReplace(
        input=input, pattern=pattern, rewrite=rewrite, replace_global=bool(replaceGlobal)
    )


@op("dataSplits", name="string.stringNGrams", method=False, data="string")
def stringNGrams(  # noqa: PLR0913, PLR0917  as in tf.js
    data: Tensor,
    dataSplits: Tensor,
    separator: str,
    nGramWidths: list[int],
    leftPad: str,
    rightPad: str,
    padWidth: int,
    preserveShortSequences: bool,
) -> dict[str, Tensor]:
    found = tf.raw_ops.StringNGrams(
        data=data,
        data_splits=dataSplits,
        separator=separator,
        ngram_widths=nGramWidths,
        left_pad=leftPad,
        right_pad=rightPad,
        pad_width=padWidth,
        preserve_short_sequences=preserveShortSequences,
    )
    return {"nGrams": found.ngrams, "nGramsSplits": found.ngrams_splits}


@op(name="string.stringSplit", method=False, input="string", delimiter="string")
def stringSplit(input: Tensor, delimiter: Tensor, skipEmpty: bool = True) -> dict[str, Tensor]:
    found = tf.raw_ops.StringSplit(input=input, delimiter=delimiter, skip_empty=bool(skipEmpty))
    return {
        "indices": tf.cast(found.indices, tf.int32),
        "values": found.values,
        "shape": tf.cast(found.shape, tf.int32),
    }


@op(name="string.stringToHashBucketFast", method=False, input="string")
def stringToHashBucketFast(input: Tensor, numBuckets: int) -> Tensor:
    return tf.cast(tf.strings.to_hash_bucket_fast(input, numBuckets), tf.int32)
