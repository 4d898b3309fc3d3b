"""Laws: what must hold of every implementation by itself, without a reference.

A law relates the answer to a case with the answers to variants of it. ``law`` has the laws, by the
names that case files write, and says where each applies; ``requests`` makes the variants;
``judge.laws`` relates the answers.
"""
