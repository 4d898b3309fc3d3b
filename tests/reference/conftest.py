"""TensorFlow in the tests runs with the pins of the worker."""

from __future__ import annotations

import os

from reference_impl import settings

os.environ.update(settings.ENVIRONMENT)
