// Written by `backbone contracts generate`: do not edit.

import type { Decimal, Instant } from "../../scalars.js";

/** An amount with its currency. The same in every contract. */
export interface Money {
  /** How much, in `currency`. */
  amount: Decimal;
  /** ISO 4217 code of the amount. */
  currency: string;
}

export type PaymentMethod = "UNKNOWN" | "CARD" | "BANK_TRANSFER" | "INVOICE" | "WALLET";

/** The payment provider set an amount aside for an order. */
export interface PaymentAuthorized {
  /** The payment, as the provider names it. */
  payment_id: string;
  /** The order that it pays. */
  order_id: string;
  /** What was set aside. */
  amount: Money;
  /** How the customer pays. */
  method: PaymentMethod;
  /** When the provider agreed. */
  authorized_at: Instant;
  /** Until when the amount is set aside; null where it stays. */
  expires_at: Instant | null;
}
