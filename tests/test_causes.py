"""Root causes: the file, what ties it to the entries, and what of it no longer holds."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance import bundle, causes, expectations
from conformance.causes import Cause, Causes
from conformance.expectations import Entry, Matcher
from conformance.outcomes import Verdict
from conformance.problems import InvalidFiles

SCHEMA = Path(causes.__file__).with_name("causes.schema.json")
CASES = [f"s/case[n={n}]" for n in range(4)]
CPU = "tfjs:cpu"
CAUSE = {
    "title": "It rounds twice", "severity": "silent", "wrong": "tfjs", "kernels": ["Exp", "Tanh"],
    "minimal": CASES[0], "right": "Once, as IEEE 754 says.", "issue": "https://example.org/1",
}  # fmt: skip
TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1)


def read(path, document):
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), "utf-8")
    return causes.load(path, "c.yaml")


def cause(cause_id="twice", minimal=CASES[0], line=3, issue=None):
    return Cause(cause_id, "It rounds twice", "silent", "tfjs", ("Exp",), minimal, "Once.", issue,
                 line)  # fmt: skip


def known(*found):
    return Causes("c.yaml", {one.id: one for one in found})


def entry(cases="s/case", cause_id="twice", implementation=CPU, line=1, because=None):
    return Entry(cases, implementation, "differs", None, 4, cause_id, because, None, line,
                 (line, 1))  # fmt: skip


def differing(*numbers):
    return [Verdict(CASES[n], CPU, "differs") for n in numbers]


def stale(entries, causes_, verdicts, *, ran=CASES, addresses=(CPU,)):
    matcher = Matcher(entries, causes_)
    for verdict in verdicts:
        matcher.explain(verdict)
    return [message for _, message in matcher.stale_causes(CASES, ran, addresses)]


def test_a_cause_is_read_with_its_place(tmp_path):
    found = read(tmp_path / "c", "# two\n\n" + yaml.safe_dump({"twice": CAUSE}))
    assert found.by_id == {
        "twice": Cause("twice", *(CAUSE[f] for f in ("title", "severity", "wrong")),
                       ("Exp", "Tanh"), CAUSE["minimal"], CAUSE["right"], CAUSE["issue"], 3)
    }  # fmt: skip


@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3), st.sampled_from(["silent", "special"]))
def test_texts_and_kernels_are_kept(tmp_path_factory, title, right, kernels, severity):
    document = {"a-1": {**CAUSE, "title": title, "right": right, "kernels": kernels,
                        "severity": severity}}  # fmt: skip
    found = read(tmp_path_factory.mktemp("c") / "c", document).by_id["a-1"]
    assert (found.title, found.right, list(found.kernels), found.severity) == (
        title, right, kernels, severity,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "# none\n"])
def test_no_file_and_a_file_without_causes_are_no_causes(text, tmp_path):
    assert read(tmp_path / "c", text).by_id == {}
    assert causes.load(tmp_path / "nowhere", "n").by_id == {}


def test_causes_stand_beside_the_expectations(tmp_path):
    assert causes.beside(tmp_path / "mine.yaml") == tmp_path / "causes.yaml"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"severity": "bad"}, "`bad` is no `severity`"),
        ({"wrong": "nobody"}, "`nobody` is no `wrong`"),
        ({"kernels": "Exp"}, "`kernels` is a list of names"),
        ({"kernels": [["Exp"]]}, "`kernels` is a list of names"),
        ({"title": " "}, "`title` is a text"),
        ({"right": ["a"]}, "`right` is a text"),
        ({"minimal": None}, "has no `minimal`"),
        ({"kernels": None}, "has no `kernels`"),
        ({"titel": "a"}, "unknown field `titel` in a cause"),
    ],
)
def test_a_wrong_cause_is_refused_by_the_schema_and_by_the_loader(change, said, tmp_path):
    schema = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert not list(schema.iter_errors({"a": CAUSE}))
    wrong = {"a": {k: v for k, v in {**CAUSE, **change}.items() if v is not None}}
    assert list(schema.iter_errors(wrong))
    with pytest.raises(InvalidFiles) as caught:
        read(tmp_path / "c", wrong)
    assert any(said in problem.message for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("- a\n", (1, 1), "a mapping of causes is expected"),
        ("a: b\n", (1, 4), "a cause is a mapping"),
        ("A b: {}\n", (1, 1), "`A b` is no id of a cause"),
        ("a: {}\na: {}\n", (2, 1), "`a` stands twice"),
        ("a:\n  titel: b\n", (2, 3), "unknown field `titel`"),
    ],
)
def test_a_wrong_file_says_where_and_what(text, place, said, tmp_path):
    with pytest.raises(InvalidFiles) as caught:
        read(tmp_path / "c", text)
    found = [p.message for p in caught.value.problems if (p.line, p.column) == place]
    assert any(said in message for message in found), caught.value.problems


def test_a_verdict_is_explained_by_the_title_and_id_of_its_cause():
    (verdict,) = differing(0)
    found = Matcher([entry()], known(cause(issue="https://x/1"))).explain(verdict)
    assert (found.expected, found.cause) == (True, "twice")
    assert found.because == "It rounds twice (twice, https://x/1)"
    own = Matcher([entry(because="Here it is 3")], known(cause())).explain(verdict)
    assert own.because == "Here it is 3 (twice)"


def test_an_old_cause_does_not_outlive_its_entry():
    old = Verdict(CASES[0], CPU, "differs", expected=True, cause="twice", because="once")
    assert Matcher([]).explain(old) == Verdict(CASES[0], CPU, "differs")


def test_a_cause_that_holds_is_no_problem():
    assert stale([entry()], known(cause()), differing(0, 1, 2, 3)) == []


def test_an_unknown_cause_is_a_persons_to_mend():
    matcher = Matcher([entry(cause_id="twise")], known(cause()))
    for verdict in differing(0, 1, 2, 3):
        matcher.explain(verdict)
    (edit,) = matcher.edits(CASES, CASES, [CPU], whole=False)
    assert edit.message == "there is no cause `twise` in c.yaml: did you mean `twice`?"
    assert edit.count is None


def test_a_cause_without_entries_is_to_be_removed():
    found = stale([entry()], known(cause(), cause("thrice")), differing(0, 1, 2, 3))
    assert found == ["no entry has the cause `thrice`: remove it"]


def test_a_minimal_case_has_to_exist():
    (message,) = stale([entry()], known(cause(minimal="s/cake")), differing(1, 2))
    assert message == (
        "the case `s/cake` does not exist: write one that shows it, such as `s/case[n=1]`"
    )


def test_a_minimal_case_has_to_show_its_cause():
    (message,) = stale([entry()], known(cause()), differing(1, 2))
    assert message == (
        "`s/case[n=0]` does not show `twice`: write one that shows it, such as `s/case[n=1]`"
    )
    # Nobody asked it, or nobody whom the entries are about.
    assert stale([entry()], known(cause()), differing(1), ran=CASES[1:]) == []
    assert stale([entry()], known(cause()), [], addresses=["tensorflow"]) == []


def test_two_causes_do_not_share_a_case_by_the_entry_of_one():
    entries = [entry("s/case[n=0]", "twice"), entry("s/case[n=1]", "thrice")]
    found = stale(entries, known(cause(), cause("thrice")), differing(0, 1))
    assert found == [
        "`s/case[n=0]` does not show `thrice`: write one that shows it, such as `s/case[n=1]`"
    ]


SHIPPED = bundle.cases() / "expectations.yaml"


def test_every_shipped_entry_has_a_cause_and_every_cause_an_entry():
    entries = expectations.load(SHIPPED, "e")
    shipped = causes.load(causes.beside(SHIPPED), "c").by_id
    assert {one.cause for one in entries} == set(shipped)


def test_the_shipped_causes_fit_their_schema_and_name_kernels_of_tfjs():
    document = yaml.safe_load(causes.beside(SHIPPED).read_text("utf-8"))
    schema = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert not list(schema.iter_errors(document))
    names = json.loads(bundle.names_file().read_text("utf-8"))
    kernels = {kernel for backend in names["kernels"].values() for kernel in backend}
    named = {kernel for one in document.values() for kernel in one["kernels"]}
    assert named - kernels - set(names["gradients"]) == set()
