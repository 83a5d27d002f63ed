"""price-list: CSV price lists dropped into a folder become PriceChanged facts."""

from functools import partial

from backbone.contracts.parse import parse
from backbone.source import Source
from producers.context import SourceContext
from producers.csv_drop.settings import Settings
from producers.csv_drop.source import CsvDropSource

NAME = "price-list"
FACT = "shop.pricing.PriceChanged"


def price_list(context: SourceContext) -> Source:
    contract = context.contracts[FACT]
    settings = Settings(
        path=context.settings.price_list_dir,
        fact_type=FACT,
        columns=("stock_code", "price", "currency", "effective_at"),
        key_field=contract.key,
        time_field="effective_at",
        source=contract.system_of_record,
    )
    return CsvDropSource(NAME, settings, partial(parse, contract), by_contract=True)
