"""Ends by SIGKILL at one case, as the kernel does when memory is short."""

import os
import signal

from _speak import speak

speak(lambda _request: os.kill(os.getpid(), signal.SIGKILL))
