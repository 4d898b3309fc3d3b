"""Never says who it is."""

import signal

signal.pause()
