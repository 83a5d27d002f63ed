// Written by `backbone contracts generate`: do not edit.

import type { Instant } from "../../scalars.js";

export type ReleaseReason = "UNKNOWN" | "SHIPPED" | "CANCELLED" | "EXPIRED";

/** Pieces that were set aside can be sold again, or left the place. */
export interface InventoryReleased {
  /** The article, as the price list names it. */
  stock_code: string;
  /** The warehouse or shop where it lies. */
  location_code: string;
  /** The reservation that ends. */
  reservation_id: string;
  /** How many pieces. */
  quantity: number;
  /** Why they are set aside no longer. */
  reason: ReleaseReason;
  /** When. */
  released_at: Instant;
}
