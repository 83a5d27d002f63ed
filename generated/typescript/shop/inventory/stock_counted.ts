// Written by `backbone contracts generate`: do not edit.

import type { Instant } from "../../scalars.js";

/** Somebody counted what is there of an article at a place. */
export interface StockCounted {
  /** The article, as the price list names it. */
  stock_code: string;
  /** The warehouse or shop where it lies. */
  location_code: string;
  /** How many pieces were there. */
  quantity: number;
  /** When it was counted. */
  counted_at: Instant;
}
