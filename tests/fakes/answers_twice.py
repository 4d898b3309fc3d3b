"""Answers one case twice."""

from _speak import answer, say, speak


def fault(request):
    say(answer(request))
    say(answer(request))


speak(fault)
