"""``--shuffle``: the same cases in another order, and the same order for the same seed."""

from __future__ import annotations

from pathlib import Path

from calling import asked, call, fake, footer, lines, plain, suite


def order(path: Path) -> list[str]:
    return [value["id"] for kind, value in lines(path) if kind == "case"]


def run(folder: Path, name: str, *words: str) -> Path:
    path = folder / f"{name}.ndjson"
    call(folder, "run", "s.yaml", *asked(fake("echo")), "--results", path, *words, code=0)
    return path


def test_a_shuffled_run_has_the_same_cases_in_another_order(tmp_path: Path) -> None:
    suite(tmp_path, 40)
    straight, shuffled = run(tmp_path, "a"), run(tmp_path, "b", "--shuffle", "1")
    assert order(straight) != order(shuffled)
    assert plain(straight) == plain(shuffled)
    assert footer(shuffled)["verdicts"]["pass"] == 40


def test_a_seed_makes_the_same_order_again_and_another_seed_another(tmp_path: Path) -> None:
    suite(tmp_path, 40)
    first, again, other = (
        order(run(tmp_path, name, "--shuffle", seed))
        for name, seed in (("a", "1"), ("b", "1"), ("c", "2"))
    )
    assert first == again
    assert sorted(first) == sorted(other)
    assert first != other


def test_the_order_of_a_shard_is_shuffled_and_not_its_choice(tmp_path: Path) -> None:
    suite(tmp_path, 40)
    straight = order(run(tmp_path, "a", "--shard", "1/2"))
    shuffled = order(run(tmp_path, "b", "--shard", "1/2", "--shuffle", "1"))
    assert straight != shuffled
    assert sorted(straight) == sorted(shuffled)


def test_a_seed_is_a_number(tmp_path: Path) -> None:
    suite(tmp_path)
    done = call(tmp_path, "run", "s.yaml", "--shuffle", "often", code=2)
    assert "--shuffle" in done.stderr
