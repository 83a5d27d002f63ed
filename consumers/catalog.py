"""Every sink: one row each. There is none yet."""

from collections.abc import Mapping

SINKS: Mapping[str, object] = {}
