// Written by `backbone contracts generate`: do not edit.

import type { Decimal, Instant } from "../../scalars.js";

/** The price list gave an article a new unit price. */
export interface PriceChanged {
  /** The article, as the price list names it. */
  stock_code: string;
  /** Unit price in `currency`. */
  price: Decimal;
  /** ISO 4217 code of the price. */
  currency: string;
  /** From when on the price holds; the newer one wins. */
  effective_at: Instant;
}
