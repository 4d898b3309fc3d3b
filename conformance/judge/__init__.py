"""Decides when a number is right: special values, distances, budgets, and one verdict per outcome.

``conformance.judge.verdict.judge`` is the way in; the other files hold one rule each.
"""
