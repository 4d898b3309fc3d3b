"""Supports nothing."""

from _speak import requests, say

for request in requests():
    say({"id": request["id"], "unsupported": "nothing is supported"})
