// Written by `backbone contracts generate`: do not edit.

import type { Day, Decimal, Instant } from "../../scalars.js";

/** An amount with its currency. The same in every contract. */
export interface Money {
  /** How much, in `currency`. */
  amount: Decimal;
  /** ISO 4217 code of the amount. */
  currency: string;
}

/** A customer and the shop agreed to a contract. */
export interface ContractSigned {
  /** The contract's number. */
  contract_id: string;
  /** The customer's number. [PII] */
  customer_id: string;
  /** What the customer pays each month. */
  monthly_fee: Money;
  /** How many days before its end it must be ended. */
  notice_days: number;
  /** The first day it holds. */
  starts_on: Day;
  /** The last day it holds; null where it has no end. */
  ends_on: Day | null;
  /** When both had signed. */
  signed_at: Instant;
}
