"""Never answers one case, but all others."""

from _speak import speak

speak(lambda _request: None)
