"""subjects/: what `backbone contracts register` registers under each subject."""

import hashlib
import json

from backbone.contracts.contract import Contract
from backbone.generation.estate import Estate, Files
from backbone.generation.json_text import json_text


def subjects(estate: Estate) -> Files:
    return {f"subjects/{each.subject}.json": _subject(each) for each in estate.facts}


def _subject(contract: Contract) -> str:
    """The hash is that of the text that is sent; the schema is shown indented."""
    return json_text(
        {
            "subject": contract.subject,
            "compatibility": "FULL_TRANSITIVE",
            "sha256": hashlib.sha256(contract.registered.encode()).hexdigest(),
            "schema": json.loads(contract.registered),
        }
    )
