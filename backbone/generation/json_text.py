"""JSON for files: two spaces, text as it is, a line break at the end."""

import json
from typing import Any


def json_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
