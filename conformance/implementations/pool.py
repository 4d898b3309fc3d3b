"""Runs cases on implementations, side by side, and hands over each case with all its outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import msgspec

from conformance.implementations.address import Implementation
from conformance.implementations.board import Board, Settle
from conformance.implementations.errors import Fault
from conformance.implementations.greeting import START
from conformance.implementations.lane import Lane
from conformance.implementations.options import Options
from conformance.implementations.oracle import Oracle
from conformance.implementations.spawn import Early
from conformance.outcomes import Outcome
from conformance.problems import UsageError
from conformance.protocol import Started
from conformance.suite.case import Case

Replay = Callable[[Implementation, Case], Outcome | None]

# A replay never waits for a process; now and then it lets those who do have their turn.
_REPLAYED_AT_ONCE = 64


async def run(  # noqa: PLR0913  four of them are whom to tell
    implementations: Sequence[Implementation],
    cases: Iterable[Case],
    settle: Settle,
    *,
    options: Options,
    started: Callable[[str, Started], None],
    fault: Callable[[Fault], None],
    replay: Replay | None = None,
    early: Early | None = None,
    oracle: Oracle | None = None,
) -> None:
    """Run all cases on all implementations; return when every case is settled and all have ended.

    Args:
        implementations: whom to ask, each of another address. All start at once.
        cases: the plan; taken lazily, in order.
        settle: called once per case, with one outcome per address, in the order of completion.
        options: the limits.
        started: called once per address of a process, with what it says about itself.
        fault: called for what is wrong with an implementation and no case's outcome.
        replay: the outcome that an implementation with a ``replay`` file has for a case, if any.
        early: the processes that were started before.
        oracle: whom the judge asks: one of the implementations, or somebody beside them whose
            outcomes are handed over together with theirs.

    Raises:
        UsageError: there is no implementation, or two have one address.

    What ``settle`` and the others raise ends the run. Then, and when the task is cancelled, all
    processes are killed at once and awaited.
    """
    if not implementations:
        raise UsageError("there is no implementation to run", "name at least one")
    addresses = [implementation.address for implementation in implementations]
    for address in addresses:
        if addresses.count(address) > 1:
            raise UsageError(f"the implementation {address} is named twice", "name each one once")
    beside = oracle if oracle is not None and oracle.address not in addresses else None
    board = Board(cases, [*addresses, beside.address] if beside else addresses, settle, options)

    def lane(implementation: Implementation) -> Lane:
        return Lane(
            implementation,
            board,
            options,
            started,
            fault,
            early or Early([]),
            start=oracle.start if oracle and oracle.address == implementation.address else START,
        )

    work = [
        lane(implementation).run()
        if implementation.replay is None
        else _replay(implementation, board, replay)
        for implementation in implementations
    ]
    if beside:
        work.append(beside.run(board, options, started, fault))
    tasks = [asyncio.create_task(part) for part in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        # Once each: a second cancellation would end a task that awaits the end of its process.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _replay(implementation: Implementation, board: Board, replay: Replay | None) -> None:
    changed = asyncio.Event()
    number = 1
    while not board.over(number):
        slot = board.get(number, changed.set)
        if slot is not None:
            found = replay(implementation, slot.case) if replay else None
            board.answer(number, _replayed(found, slot.case, implementation))
            number += 1
            if number % _REPLAYED_AT_ONCE == 0:
                await asyncio.sleep(0)
        elif not board.over(number):
            await changed.wait()
            changed.clear()


def _replayed(found: Outcome | None, case: Case, implementation: Implementation) -> Outcome:
    if found is None:
        reason = f"{implementation.replay} has no outcome of it"
        return Outcome(case.id, implementation.address, 0, not_run=reason)
    return msgspec.structs.replace(found, implementation=implementation.address)
