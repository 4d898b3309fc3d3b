"""The oracle as the reference: TensorFlow is judged by it too, except where it has no answer."""

from judging import case, op, returned, says, vector, verdicts

VALUE = case(call="value", wrt=())
RIGHT, WRONG = returned(vector(1, 2)), returned(vector(1, 2.5))


def judged(of=VALUE, **said):
    return {k: says(v) for k, v in verdicts(of, reference="exact", **said).items()}


def test_where_the_oracle_answers_tensorflow_can_be_the_one_that_is_wrong():
    found = judged(exact=RIGHT, tensorflow=WRONG, tfjs=RIGHT)
    assert found == {"exact": "pass", "tensorflow": "differs/numeric", "tfjs": "pass"}


def test_where_the_oracle_has_no_answer_tensorflow_has_the_word():
    found = judged(exact={"unsupported": "no op tf.foo"}, tensorflow=RIGHT, tfjs=WRONG)
    assert found == {"exact": "unsupported", "tensorflow": "pass", "tfjs": "differs/numeric"}


def test_without_tensorflow_nothing_is_held_against_an_oracle_without_an_answer():
    found = verdicts(VALUE, reference="exact", exact={"unsupported": "unsure"}, tfjs=WRONG)
    assert (says(found["tfjs"]), found["tfjs"].against) == ("pass", None)


def test_an_oracle_that_crashed_is_not_replaced_in_silence():
    found = verdicts(VALUE, reference="exact", exact={"crashed": "x"}, tensorflow=RIGHT, tfjs=WRONG)
    assert says(found["exact"]) == "crashed"
    assert found["tfjs"].against is None


def test_at_a_kink_the_oracle_makes_the_choice_of_tensorflow():
    kink = case(op("abs", "x"), x=vector(0, 1), dy=vector(1, 1))
    value, theirs, mine = vector(0, 1), vector(0, 1), vector(-1, 1)
    found = judged(
        kink,
        exact=returned(value, theirs),
        tensorflow=returned(value, theirs),
        tfjs=returned(value, mine),
    )
    assert found == {"exact": "pass", "tensorflow": "pass", "tfjs": "differs/convention"}
