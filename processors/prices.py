"""prices: what each stock code costs now."""

from processors.view import LatestByKey

PRICES = LatestByKey(
    name="prices",
    version=1,
    topic="pricing.price.v1",
    fact="shop.pricing.PriceChanged",
    fields=("stock_code", "price", "currency", "effective_at"),
    key="stock_code",
    example="85123A",
    freshness_seconds=60,
    description="What each stock code costs now.",
)
