"""The acceptance of optimizers: the steps of an iteration share what they are off."""

import msgspec
import numpy as np
import pytest
from asking import request

from conformance.judge.contracts import profiles
from conformance.protocol import Optimizer
from reference_impl.exact.execute import answer

CONTRACT = "ieee"
F = np.float32
BOWL = "(w, c) => w.sub(c).square().sum()"
START, CENTRE = np.array([1, -2, 0.5], F), np.array([3, 0.25, -1], F)


def trained(name, *arguments, steps, f=BOWL, w=START, c=CENTRE):
    """The variable and its radius."""
    asked = request(f, "minimize", wrt=["w"], w=w, c=c)
    optimizer = Optimizer(name, arguments)
    asked = msgspec.structs.replace(asked, optimizer=optimizer, steps=steps)
    found = answer(asked, {CONTRACT: profiles()[CONTRACT]})
    ball = found.acceptance.variables[0]
    rest, radius = (np.frombuffer(part, "<f4") for part in (ball.rest, ball.radius[CONTRACT]))
    return found.returned.variables[0].numpy().astype(float) + rest, radius


def gradient(w):
    return F(2) * (w - CENTRE)


@pytest.mark.parametrize("steps", [1, 2, 10, 100])
def test_gradient_descent_takes_back_what_it_was_off(steps):
    exact, radius = trained("sgd", 0.125, steps=steps)
    w = START
    for _ in range(steps):
        w = w - F(0.125) * gradient(w)
    assert (np.abs(w - exact) <= radius).all()
    assert (radius <= 16 * 2.0**-24 * np.abs(exact)).all()


@pytest.mark.parametrize("steps", [2, 20])
def test_momentum_is_followed_through_both_of_its_states(steps):
    exact, radius = trained("momentum", 0.1, 0.5, steps=steps)
    w, accumulated = START, F(0)
    for _ in range(steps):
        accumulated = accumulated * F(0.5) + gradient(w)
        w = w - F(0.1) * accumulated
    assert (np.abs(w - exact) <= radius).all()
    assert (radius <= 2e-5 * np.abs(exact)).all()


def test_an_iteration_that_diverges_is_as_wide_as_it_is_off():
    _, few = trained("sgd", 1.4, steps=3)
    _, many = trained("sgd", 1.4, steps=13)
    # Each step makes the distance from the centre, and what it is off, 1.8 times as large.
    assert (many > 1.8**9 * few).all()


def adam(steps, left=lambda beta: F(1) - F(beta)):
    w, m, v = START, F(0), F(0)
    for step in range(1, steps + 1):
        g = gradient(w)
        m = m + (g - m) * left(0.9)
        v = v + (g * g - v) * left(0.999)
        powers = F(0.9) ** F(step), F(0.999) ** F(step)
        rate = F(0.1) * np.sqrt(F(1) - powers[1]) / (F(1) - powers[0])
        w = w - rate * m / (np.sqrt(v) + F(1e-7))
    return w


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_adam_divides_two_averages_that_are_off_alike(steps):
    exact, radius = trained("adam", 0.1, 0.9, 0.999, 1e-7, steps=steps)
    assert (np.abs(adam(steps) - exact) <= radius).all()
    assert radius.max() <= 2e-5


def test_adam_with_two_roundings_of_one_decay_is_outside():
    exact, radius = trained("adam", 0.1, 0.9, 0.999, 1e-7, steps=1)
    off = adam(1, left=lambda beta: F(1 - beta))
    assert (np.abs(off - exact) > radius).any()
