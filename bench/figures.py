"""The names of figures that every stage shares."""

RATE = "per_second"
SECONDS = "seconds"
CPU = "cpu_seconds_per_million"
RSS = "peak_rss_mib"
