// Written by `backbone contracts generate`: do not edit.

import type { Decimal, Instant } from "../../scalars.js";

/** An amount with its currency. The same in every contract. */
export interface Money {
  /** How much, in `currency`. */
  amount: Decimal;
  /** ISO 4217 code of the amount. */
  currency: string;
}

export type RefusalReason = "UNKNOWN" | "INSUFFICIENT_FUNDS" | "EXPIRED_CARD" | "SUSPECTED_FRAUD" | "PROVIDER_FAILURE";

/** The payment provider did not set an amount aside. */
export interface PaymentRefused {
  /** The payment, as the provider names it. */
  payment_id: string;
  /** The order that it would have paid. */
  order_id: string;
  /** What was asked for. */
  amount: Money;
  /** Why, as far as the provider says. */
  reason: RefusalReason;
  /** When the provider refused. */
  refused_at: Instant;
}
