"""How many small programs the judge handles a second on two cores, the oracle included.

One program is: a parsed request, the oracle's answer with the balls of three contracts, and two
answers of implementations that are compared with it.
"""

from __future__ import annotations

import argparse
import cProfile
import multiprocessing
import pstats
import statistics
import sys
import time

import numpy as np

from conformance.judge import compare
from conformance.judge.compare import Rules
from conformance.judge.contracts import profiles
from conformance.judge.finding import Finding
from conformance.judge.policy import Tolerance
from conformance.protocol import Returned
from reference_impl.exact.execute import answer, execute
from tests.acceptance.random_programs import program
from tests.acceptance.simulated import simulate
from tests.exact.asking import request

CONTRACTS = ("tensorflow", "cpu", "wasm")
JUDGED = ("cpu", "wasm")
FULL = 2_000
PROCESSES = 2


def prepared(programs, seed, kind):
    """Requests, each with what two implementations answer to it."""
    found = []
    for number in range(seed, seed + programs):
        case = program(number, kind).request()
        answers = [simulate(case, profiles()[name], number) for name in JUDGED]
        if all(isinstance(one, Returned) for one in answers):
            found.append((case, answers))
    return found


def judge(case, answers, contracts):
    """How many of the tensors are reported."""
    exact = answer(case, contracts)
    if exact.acceptance is None:
        return 0
    balls = (exact.acceptance.value, *exact.acceptance.grads)
    right = (exact.returned.value, *exact.returned.grads)
    reported = 0
    for contract, theirs in zip(JUDGED, answers, strict=True):
        for reference, got, ball in zip(right, (theirs.value, *theirs.grads), balls, strict=True):
            tolerance = None if ball is None else Tolerance(ball=ball, contract=contract)
            rules = Rules(place="value", against="exact", ball=tolerance)
            reported += isinstance(compare.tensors(got, reference, rules), Finding)
    return reported


def timed(work):
    """The processor's and the wall's seconds for one pass over the work, after one to warm up."""
    contracts = {name: profiles()[name] for name in CONTRACTS}
    for case, answers in work[: len(work) // 10]:
        judge(case, answers, contracts)
    begin, cpu = time.perf_counter(), time.process_time()
    reported = sum(judge(case, answers, contracts) for case, answers in work)
    return time.perf_counter() - begin, time.process_time() - cpu, reported, len(work)


def _started(given):
    barrier, programs, seed, kind = given
    work = prepared(programs, seed, kind)
    barrier.wait()
    return timed(work)


def throughput(programs, seed, kind="elementwise", processes=PROCESSES):
    """Programs a second, by the wall's clock and by the processors', and the tensors reported."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(processes) as pool:
        barrier = manager.Barrier(processes)
        each = programs // processes
        tasks = [(barrier, each, seed + at * each, kind) for at in range(processes)]
        found = pool.map(_started, tasks, chunksize=1)
    wall = sum(count for *_, count in found) / max(seconds for seconds, *_ in found)
    # What it would be if nothing else ran on the machine.
    alone = sum(count / seconds for _, seconds, _, count in found)
    return wall, alone, sum(reported for *_, reported, _ in found)


def convolution(times=5):
    """The processor's median seconds for 3 by 3 of 1x8x8x3 to 4 channels, with its gradients."""
    random = np.random.default_rng(0)
    x, f = (random.uniform(-1, 1, shape).astype("f4") for shape in ((1, 8, 8, 3), (3, 3, 3, 4)))
    case = request("(x, f) => tf.conv2d(x, f, 1, 'same')", x=x, f=f)
    contracts = {name: profiles()[name] for name in CONTRACTS}
    found: dict[str, list[float]] = {"plain": [], "with balls": []}
    for _ in range(times):
        for what, run in (
            ("plain", lambda: execute(case)), ("with balls", lambda: answer(case, contracts))
        ):  # fmt: skip
            begin = time.process_time()
            run()
            found[what].append(time.process_time() - begin)
    return {what: statistics.median(seconds) for what, seconds in found.items()}


def shares(work):
    """The processor's seconds of a program, by stage; each contains the one before it."""
    contracts = {name: profiles()[name] for name in CONTRACTS}
    one = {JUDGED[0]: contracts[JUDGED[0]]}
    stages = {
        "the oracle's answer": lambda case, _: execute(case),
        "with the balls of one contract": lambda case, _: answer(case, one),
        "with the balls of three contracts": lambda case, _: answer(case, contracts),
        "with two answers compared": lambda case, answers: judge(case, answers, contracts),
    }
    found = {}
    for what, run in stages.items():
        begin = time.process_time()
        for case, answers in work:
            run(case, answers)
        found[what] = (time.process_time() - begin) / len(work)
    return found


def profile(programs, seed, kind, lines=35):
    """Where one process spends its time, as text on the standard output."""
    work, contracts = prepared(programs, seed, kind), {n: profiles()[n] for n in CONTRACTS}
    profiler = cProfile.Profile()
    profiler.enable()
    for case, answers in work:
        judge(case, answers, contracts)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(lines)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=FULL)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", default="elementwise")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    if given.profile:
        profile(given.programs, given.seed, given.kind)
        return
    wall, alone, reported = throughput(given.programs, given.seed, given.kind)
    stages = shares(prepared(given.programs // PROCESSES, given.seed, given.kind))
    conv = convolution()
    sys.stdout.write(
        f"seed {given.seed}: {wall:,.0f} {given.kind} programs a second in {PROCESSES} processes,"
        f" {alone:,.0f} by processor time; {reported} reports\n"
    )
    for what, seconds in stages.items():
        sys.stdout.write(f"  {1000 * seconds:.3f} ms {what}\n")
    for what, seconds in conv.items():
        sys.stdout.write(f"convolution with its gradients, {what}: {1000 * seconds:.1f} ms\n")


if __name__ == "__main__":
    main()
