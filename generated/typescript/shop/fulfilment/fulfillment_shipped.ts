// Written by `backbone contracts generate`: do not edit.

import type { Day, Instant } from "../../scalars.js";

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

/** One article in the parcel. */
export interface ShippedLine {
  /** The article, as the price list names it. */
  stock_code: string;
  /** How many pieces. */
  quantity: number;
}

/** A parcel with articles of an order left the warehouse. */
export interface FulfillmentShipped {
  /** The parcel. */
  shipment_id: string;
  /** The order whose articles are in it. */
  order_id: string;
  /** The customer's number; null for a guest. [PII] */
  customer_id: string | null;
  /** Where the parcel goes. */
  destination: Address;
  /** Who carries it. */
  carrier: string;
  /** What the carrier calls the parcel; a link to follow it is made of it. */
  tracking_code: string;
  /** What the parcel weighs, in grams. */
  weight_grams: number | null;
  /** What is in it, at least one article. */
  lines: Array<ShippedLine>;
  /** When the carrier took it over. */
  shipped_at: Instant;
  /** The day that the carrier names for its arrival. */
  expected_on: Day | null;
}
