"""csv_drop: CSV files that are dropped into a folder, each row a fact."""

from producers.csv_drop.settings import Parse, Settings
from producers.csv_drop.source import CsvDropSource

__all__ = ["CsvDropSource", "Parse", "Settings"]
