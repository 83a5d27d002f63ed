// Written by `backbone contracts generate`: do not edit.

import type { Decimal, Instant } from "../../scalars.js";

/** One article of the order. */
export interface OrderLine {
  /** The article, as the price list names it. */
  stock_code: string;
  /** What the customer saw as the article's name. */
  description: string | null;
  /** How many pieces. */
  quantity: number;
  /** Price of one piece in the order's `currency`. */
  unit_price: Decimal;
}

/** A customer placed an order in the shop. */
export interface OrderPlaced {
  /** The order's number, unique in the shop. */
  order_id: string;
  /** When the customer confirmed the order. */
  placed_at: Instant;
  /** The customer's number; null for a guest. [PII] */
  customer_id: string | null;
  /** Where the order is delivered to, as the shop names it. */
  country: string;
  /** ISO 4217 code of every price in the order. */
  currency: string;
  /** The articles ordered, at least one. */
  lines: Array<OrderLine>;
}
