// Written by `backbone contracts generate`: do not edit.

import type { Decimal, Instant } from "../../scalars.js";

/** An amount with its currency. The same in every contract. */
export interface Money {
  /** How much, in `currency`. */
  amount: Decimal;
  /** ISO 4217 code of the amount. */
  currency: string;
}

/** Money of a payment went back to who paid, in part or all of it. */
export interface PaymentRefunded {
  /** The payment, as the provider names it. */
  payment_id: string;
  /** The refund, as the provider names it; a payment may have several. */
  refund_id: string;
  /** What went back. */
  amount: Money;
  /** Why, in the words of who asked for it. */
  reason: string | null;
  /** When the provider sent it back. */
  refunded_at: Instant;
}
