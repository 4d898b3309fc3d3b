"""Greets people on stdout."""

from _speak import requests, write

write(b"Hello! I am an implementation.\n")
list(requests())
