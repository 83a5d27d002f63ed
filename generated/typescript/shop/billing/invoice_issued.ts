// Written by `backbone contracts generate`: do not edit.

import type { Day, Decimal, Instant } from "../../scalars.js";

/** The shop asked a customer for money. */
export interface InvoiceIssued {
  /** The invoice's number, without gaps. */
  invoice_id: string;
  /** The customer's number. [PII] */
  customer_id: string;
  /** The order it is for; null for one of a contract. */
  order_id: string | null;
  /** The contract it is for; null for one of an order. */
  contract_id: string | null;
  /** ISO 4217 code of every amount in the invoice. */
  currency: string;
  /** Before tax, in `currency`. */
  net_amount: Decimal;
  /** Value added tax, in `currency`. */
  tax_amount: Decimal;
  /** What is to be paid, in `currency`. */
  total_amount: Decimal;
  /** The day by which it is to be paid. */
  due_on: Day;
  /** When it was sent. */
  issued_at: Instant;
}
