"""Speaks a later version of the protocol, whose `started` has more to tell."""

from _speak import STARTED, requests

list(requests({**STARTED, "protocol": 2, "capabilities": ["everything"]}))
