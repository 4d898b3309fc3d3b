"""`replay:FILE`: recorded outcomes, of this very case, of the implementation that is meant."""

import msgspec
import pytest
from recorded import ADDRESSES, STARTED, case, header, record, settled

from conformance.implementations.address import parse
from conformance.problems import InvalidResults
from conformance.replay import Replays

ITEMS = [settled(1), settled(2, "threw", "crashed")]


def replayed(*addresses):
    implementations = [parse(address) for address in addresses]
    return Replays(implementations), implementations


def test_an_outcome_is_found_by_its_case(tmp_path):
    record(tmp_path / "r", ITEMS)
    replays, (cpu, wasm) = replayed(*(f"replay:{tmp_path / 'r'}#{a}" for a in ADDRESSES))
    assert replays.outcome(cpu, case(2)) == ITEMS[1].outcomes[0]
    assert replays.outcome(wasm, case(2)) == ITEMS[1].outcomes[1]
    assert replays.outcome(wasm, case(3)) is None
    assert replays.started == {cpu.address: STARTED, wasm.address: STARTED}


def test_a_case_that_changed_has_no_outcome_but_one_that_moved_has(tmp_path):
    record(tmp_path / "r", ITEMS)
    replays, (cpu,) = replayed(f"replay:{tmp_path / 'r'}#tfjs:cpu")
    assert replays.outcome(cpu, msgspec.structs.replace(case(1), line=99)) is not None
    assert replays.outcome(cpu, msgspec.structs.replace(case(1), call="grad")) is None


def test_a_file_of_one_implementation_needs_no_address(tmp_path):
    alone = [settled(1, addresses=("tensorflow",))]
    record(tmp_path / "r", alone, header(alone, ("tensorflow",)))
    replays, (one,) = replayed(f"replay:{tmp_path / 'r'}")
    assert replays.outcome(one, case(1)) == alone[0].outcomes[0]


@pytest.mark.parametrize("address", ["", "#", "#tfjs"])
def test_a_file_of_several_says_how_to_name_one(address, tmp_path):
    record(tmp_path / "r", ITEMS)
    with pytest.raises(
        InvalidResults, match="has the implementations tfjs:cpu, tfjs:wasm"
    ) as caught:
        replayed(f"replay:{tmp_path / 'r'}{address}")
    assert caught.value.hint.endswith("#tfjs:cpu")


def test_a_file_that_cannot_be_trusted_is_not_replayed(tmp_path):
    record(tmp_path / "r", ITEMS)
    data = (tmp_path / "r").read_bytes()
    (tmp_path / "r").write_bytes(data[:-10])
    with pytest.raises(InvalidResults, match="truncated"):
        replayed(f"replay:{tmp_path / 'r'}#tfjs:cpu")
