// Written by `backbone contracts generate`: do not edit.

import type { Instant } from "../../scalars.js";

/** A placed order was cancelled as a whole. */
export interface OrderCancelled {
  /** The order's number, unique in the shop. */
  order_id: string;
  /** When the cancellation was confirmed. */
  cancelled_at: Instant;
  /** Why, in the shop's own words. */
  reason: string | null;
}
