// Written by `backbone contracts generate`: do not edit.

import type { Instant } from "../../scalars.js";

/** Pieces of an article were set aside for an order. */
export interface InventoryReserved {
  /** The article, as the price list names it. */
  stock_code: string;
  /** The warehouse or shop where it lies. */
  location_code: string;
  /** The reservation; it is released by this name. */
  reservation_id: string;
  /** The order that they are for. */
  order_id: string;
  /** How many pieces. */
  quantity: number;
  /** When they were set aside. */
  reserved_at: Instant;
  /** Until when; null where they stay. */
  expires_at: Instant | null;
}
