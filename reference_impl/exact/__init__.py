"""The exact oracle: the ops of tf.js as real functions, in ball arithmetic.

A tensor of floats is an array of nodes on a tape of scalar primitives. A node's value is a ball
that holds the real number, as narrow as the precision allows; what leaves is the float32 nearest to
the real number, proven, or the answer that the oracle is unsure.
"""
