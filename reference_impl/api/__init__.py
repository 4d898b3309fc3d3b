"""tf.js's API without a library of tensors: what each implementation in Python builds on.

Nothing in this folder imports TensorFlow. What needs tensors gets the functions that make, test
and differentiate them as arguments.
"""
