// Written by `backbone contracts generate`: do not edit.

/** The data of every fact, by the fact's name. */
export interface Facts {
  "shop.pricing.PriceChanged": import("./shop/pricing/price_changed.js").PriceChanged;
  "shop.sales.OrderCancelled": import("./shop/sales/order_cancelled.js").OrderCancelled;
  "shop.sales.OrderPlaced": import("./shop/sales/order_placed.js").OrderPlaced;
}

export type FactType = keyof Facts;
