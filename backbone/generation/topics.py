"""topics.json: every topic as `backbone topics apply` makes it."""

from backbone.generation.estate import Estate, Files
from backbone.generation.json_text import json_text


def topics(estate: Estate) -> Files:
    listed = {
        each.name: {"partitions": each.partitions, "config": dict(sorted(each.config.items()))}
        for each in estate.all_topics
    }
    return {"topics.json": json_text(listed)}
