"""Implementations of the protocol: addresses, processes, and the pool that runs them."""
