"""Grades an implementation of the protocol: what it must keep, refuse, answer and survive."""
