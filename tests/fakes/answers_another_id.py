"""Answers one case with an id that nobody asked."""

from _speak import answer, say, speak

speak(lambda request: say({**answer(request), "id": 123456}))
