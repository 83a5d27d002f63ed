// Written by `backbone contracts generate`: do not edit.

import type { Instant, Long } from "../../scalars.js";

/** Where somebody is reached by post. The same in every contract. */
export interface Address {
  /** Who receives what is sent there. */
  recipient: string | null;
  /** Street and house, as written on a letter, without place and country. */
  lines: Array<string>;
  /** The place's postal code, where the country has such. */
  postal_code: string | null;
  /** The place. */
  locality: string;
  /** ISO 3166-1 code of the country, two letters. */
  country: string;
}

/** What is known of a customer changed; the fact holds all of it. */
export interface CustomerChanged {
  /** The customer's number. [PII] */
  customer_id: string;
  /** Counts the customer's changes, from 1; the higher one wins. */
  revision: Long;
  /** When it was changed. */
  changed_at: Instant;
  /** What the customer is called. [PII] */
  full_name: string | null;
  /** Where mail reaches the customer. [PII] */
  email: string | null;
  /** In the form of E.164, such as +41441234567. [PII] */
  phone: string | null;
  /** Where letters reach the customer. [PII] */
  address: Address | null;
  /** BCP 47 tag of the language to write in, such as de-CH. */
  locale: string | null;
  /** Whether the customer wants advertisements. */
  may_be_written_to: boolean;
}
