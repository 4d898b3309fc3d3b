"""Ends with exit code 3 at every case."""

import sys

from _speak import requests

for _ in requests():
    sys.exit(3)
