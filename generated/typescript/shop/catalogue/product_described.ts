// Written by `backbone contracts generate`: do not edit.

import type { Instant, Long } from "../../scalars.js";

/** The description in one language. */
export interface ProductText {
  /** BCP 47 tag of the language, such as de-CH. */
  locale: string;
  /** What the article is called. */
  title: string;
  /** What is said about it. */
  description: string | null;
}

/** An article got a new description, in every language it is sold in. */
export interface ProductDescribed {
  /** The article, as the price list names it. */
  stock_code: string;
  /** Counts the descriptions of the article, from 1; the higher one wins. */
  revision: Long;
  /** When the description was approved. */
  described_at: Instant;
  /**
   * One text per language: at least one, at most thirty. A list, for a map's facts are read one by
   * one.
   */
  texts: Array<ProductText>;
  /** Where the article stands in the shop, the broadest first. */
  categories: Array<string>;
  /** Weight with its packing, in grams; null where nobody weighed it. */
  weight_grams: number | null;
}
