"""The ledger for programs: all cells, and everything the other views are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.ledger.cells import ORDERS
from conformance.ledger.errors import LedgerError
from conformance.ledger.gather import Ledger, Tally
from conformance.ledger.registry import Registry
from conformance.ledger.summary import shares


def listing(
    ledger: Ledger, registry: Registry, errors: Sequence[LedgerError], kernels: Sequence[str]
) -> dict[str, Any]:
    """What ``--json`` prints, with the cells of these kernels; in the order of their names."""
    wanted = set(kernels)
    tallies = ledger.tally(lambda cell: (cell,) if cell.kernel in wanted else ())
    order = {name: i for i, name in enumerate(ORDERS)}
    cells = [
        {
            "kernel": cell.kernel,
            "slot": cell.slot,
            "order": cell.order,
            "dtype": cell.dtype,
            "rank": cell.rank,
            "empty": cell.empty,
            "attributes": dict(cell.attributes),
            "implementations": {a: _counts(tally) for a, tally in tallies[cell].items()},
        }
        for cell in sorted(tallies, key=lambda c: (c.kernel, c.slot, order[c.order], c))
    ]
    return {
        "tfjs": registry.version,
        "cases": ledger.cases,
        "implementations": ledger.implementations,
        "traced": ledger.traced,
        "sums": shares(ledger, registry),
        "cells": cells,
        "checks": [
            {
                "kernel": kernel,
                "slot": slot,
                "order": at,
                "implementations": {
                    address: dict(sorted(ledger.checks.of((kernel, slot, at), address).items()))
                    for address in ledger.implementations
                },
            }
            for kernel, slot, at in sorted(
                ledger.checks.by_slot, key=lambda s: (*s[:2], order[s[2]])
            )
            if kernel in wanted
        ],
        "gradients": {
            kernel: sorted(ledger.rules.get(kernel, ())) for kernel in sorted(registry.gradients)
        },
        "functions": {function: ledger.called[function] for function in sorted(registry.functions)},
        "errors": errors,
    }


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "cases": tally.cases,
        "verdicts": dict(sorted(tally.verdicts.items())),
        "explained": tally.explained,
        "unexpected": tally.unexpected,
    }
