"""The oracle in `run`, `show`, `judge` and `merge` as a user calls them; `goldens`."""

import json
import re
from pathlib import Path

import pytest
from calling import asked, call, counted, fake, footer, lines, suite

EXPLAINED = Path(__file__).with_name("explained.yaml")
RUN = ("run", "s.yaml", *asked(fake("echo")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder where the oracle was asked once, and what was said."""
    place = tmp_path_factory.mktemp("oracle")
    suite(place)
    done = call(place, *RUN, "--results", "first.ndjson", oracle=True, code=0)
    assert "oracle: 6 answers, 0 from the store" in done.stderr
    return place


def told(done):
    return re.findall(r"^oracle: .*$", done.stderr, re.MULTILINE)


def oracles(path):
    return {value["case"]: value for kind, value in lines(path) if kind == "oracle"}


def test_the_oracle_stands_behind_the_outcomes_of_each_case(folder):
    kinds = [kind for kind, _ in lines(folder / "first.ndjson")]
    assert kinds == ["header", *["case", "outcome", "oracle", "verdict"] * 6, "footer"]
    found = oracles(folder / "first.ndjson")
    assert all(one["acceptance"] is not None for one in found.values())
    assert lines(folder / "first.ndjson")[0][1]["oracle"]["name"] == "exact"
    assert footer(folder / "first.ndjson")["oracle"] == {"stored": 0, "computed": 6}


def test_a_second_run_computes_nothing_and_finds_the_same(folder):
    done = call(folder, *RUN, "--results", "second.ndjson", oracle=True, code=0)
    assert told(done) == ["oracle: 6 answers, 6 from the store"]
    assert oracles(folder / "second.ndjson") == oracles(folder / "first.ndjson")
    assert counted(folder / "second.ndjson") == counted(folder / "first.ndjson")


def test_without_a_cache_everything_is_computed_and_nothing_is_kept(folder, tmp_path):
    suite(tmp_path)
    shared = folder / "tfjs-conformance" / "goldens.sqlite"
    done = call(tmp_path, *RUN, "--no-cache", "--goldens", shared, oracle=True, code=0)
    assert told(done) == ["oracle: 6 answers, 0 from the store"]
    assert not (tmp_path / "tfjs-conformance" / "goldens.sqlite").exists()


@pytest.mark.parametrize("named", ["option", "environment"])
def test_stored_answers_can_be_shared(folder, tmp_path, named):
    suite(tmp_path)
    shared = str(folder / "tfjs-conformance" / "goldens.sqlite")
    words = ["--goldens", shared] if named == "option" else []
    extra = {"TFJS_CONFORMANCE_GOLDENS": shared} if named == "environment" else {}
    done = call(tmp_path, *RUN, *words, oracle=True, code=0, **extra)
    assert told(done) == ["oracle: 6 answers, 6 from the store"]


def test_a_shared_file_that_is_not_there_is_wrong_usage(tmp_path):
    suite(tmp_path)
    done = call(tmp_path, *RUN, "--goldens", "no.sqlite", oracle=True, code=2)
    assert "there are no stored answers at no.sqlite" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--no-oracle"], ["oracle: none; answers are held against what the cases state"]),
        (["--policy", "bitwise"], []),
    ],
)
def test_nobody_asks_an_oracle_that_is_not_wanted(tmp_path, words, said):
    suite(tmp_path)
    done = call(tmp_path, *RUN, *words, "--results", "r.ndjson", oracle=True, code=0)
    assert told(done) == said
    assert oracles(tmp_path / "r.ndjson") == {}
    assert "oracle" not in footer(tmp_path / "r.ndjson")
    assert not (tmp_path / "tfjs-conformance" / "goldens.sqlite").exists()


def test_stored_bits_are_judged_again_with_the_stored_oracle(folder):
    done = call(folder, "judge", "first.ndjson", "--policy", "default", code=0)
    assert "0 of 6 verdicts flip under default" in done.stdout


def test_shards_keep_the_oracle_when_they_are_merged(folder):
    shards = []
    for part in ("1/2", "2/2"):
        shards.append(f"{part[0]}.ndjson")
        call(folder, *RUN, "--shard", part, "--results", shards[-1], oracle=True, code=0)
    call(folder, "merge", *shards, "-o", "whole.ndjson", code=0)
    assert oracles(folder / "whole.ndjson") == oracles(folder / "first.ndjson")
    assert footer(folder / "whole.ndjson")["oracle"] == {"stored": 6, "computed": 0}


def test_shards_with_and_without_an_oracle_are_not_one_run(folder):
    call(folder, *RUN, "--shard", "1/2", "--results", "w.ndjson", oracle=True, code=0)
    call(folder, *RUN, "--shard", "2/2", "--results", "o.ndjson", "--no-oracle", code=0)
    done = call(folder, "merge", "w.ndjson", "o.ndjson", "-o", "both.ndjson", code=2)
    assert "differ in `oracle`" in done.stderr


def test_a_run_goes_on_with_the_oracle_that_it_began_with(folder):
    path = folder / "broken.ndjson"
    whole = (folder / "first.ndjson").read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[: 1 + 4 * 2]))
    done = call(folder, *RUN, "--resume", path, "--no-oracle", oracle=True, code=2)
    assert "the run to be continued had an oracle" in done.stderr
    assert "leave out --no-oracle" in done.stderr
    done = call(folder, *RUN, "--resume", path, oracle=True, code=0)
    assert told(done) == ["oracle: 4 answers, 4 from the store"]
    assert oracles(path) == oracles(folder / "first.ndjson")


def test_an_oracle_that_is_listed_is_judged_and_not_asked_twice(folder):
    words = ["run", "s.yaml", *asked(fake("echo"), "exact"), "--results", "listed.ndjson"]
    call(folder, *words, oracle=True, code=0)
    assert footer(folder / "listed.ndjson")["planned"] == 12
    assert oracles(folder / "listed.ndjson") == {}
    own = [v for k, v in lines(folder / "listed.ndjson")
           if k == "outcome" and v["implementation"] == "exact"]  # fmt: skip
    assert len(own) == 6
    assert all(one["acceptance"] is not None for one in own)
    done = call(folder, "judge", "listed.ndjson", "--policy", "default", code=0)
    assert "0 of 12 verdicts flip" in done.stdout


def test_show_asks_the_oracle_as_run_does(folder):
    words = ["show", "s/case[n=2]", "--cases", "s.yaml", *asked(fake("echo")), "--json"]
    found = json.loads(call(folder, *words, oracle=True, code=0).stdout)
    explained = found["oracle"]["acceptance"]["value"]
    explained.pop("contributions")  # which only `show` asks for
    stored = oracles(folder / "first.ndjson")["s/case[n=2]"]
    for one in (found["oracle"], stored):
        one["returned"].pop("seconds")
    assert found["oracle"] == stored
    assert json.loads(call(folder, *words, code=0).stdout)["oracle"] is None


def test_goldens_says_what_is_stored_and_forgets_it(folder, tmp_path):
    stored = tmp_path / "tfjs-conformance" / "goldens.sqlite"
    stored.parent.mkdir()
    stored.write_bytes((folder / "tfjs-conformance" / "goldens.sqlite").read_bytes())
    found = json.loads(call(tmp_path, "goldens", "--json", code=0).stdout)
    assert (found["file"], found["limit"]) == (str(stored), 1 << 30)
    assert found["answers"] >= 7
    assert 0 < found["bytes"] <= stored.stat().st_size
    said = call(tmp_path, "goldens", code=0, TFJS_CONFORMANCE_GOLDENS_LIMIT="5").stdout
    assert re.search(r"goldens\.sqlite: \d+ answers, 0\.\d of 5 MiB\n$", said)
    assert ": 0 answers" in call(tmp_path, "goldens", "--clear", code=0).stdout
    suite(tmp_path)
    assert told(call(tmp_path, *RUN, oracle=True)) == ["oracle: 6 answers, 0 from the store"]


@pytest.mark.parametrize("limit", ["x", "0", "-1", "1.5"])
def test_a_limit_that_is_no_number_is_wrong_usage(tmp_path, limit):
    done = call(tmp_path, "goldens", code=2, TFJS_CONFORMANCE_GOLDENS_LIMIT=limit)
    assert "TFJS_CONFORMANCE_GOLDENS_LIMIT is" in done.stderr


def test_who_is_to_blame_is_found_out_once(tmp_path):
    run = ("run", EXPLAINED, "-k", "square", *asked(fake("taps_a_wrong_exp")))
    first = call(tmp_path, *run, "--results", "1.ndjson", oracle=True, code=1)
    again = call(tmp_path, *run, "--results", "2.ndjson", oracle=True, code=1)
    # The case and the two steps of which it consists; the second time nobody asks for the steps.
    assert told(first) == ["oracle: 3 answers, 0 from the store"]
    assert told(again) == ["oracle: 1 answer, 1 from the store"]
    named = [
        [value["certificate"]["culprit"]["op"] for kind, value in lines(file) if kind == "verdict"]
        for file in (tmp_path / "1.ndjson", tmp_path / "2.ndjson")
    ]
    assert named == [["exp"], ["exp"]]
