// Written by `backbone contracts generate`: do not edit.

/** The data of every fact, by the fact's name. */
export interface Facts {
  "shop.billing.ContractSigned": import("./shop/billing/contract_signed.js").ContractSigned;
  "shop.billing.InvoiceIssued": import("./shop/billing/invoice_issued.js").InvoiceIssued;
  "shop.catalogue.ProductDescribed": import("./shop/catalogue/product_described.js").ProductDescribed;
  "shop.crm.CustomerChanged": import("./shop/crm/customer_changed.js").CustomerChanged;
  "shop.fulfilment.FulfillmentShipped": import("./shop/fulfilment/fulfillment_shipped.js").FulfillmentShipped;
  "shop.inventory.InventoryReleased": import("./shop/inventory/inventory_released.js").InventoryReleased;
  "shop.inventory.InventoryReserved": import("./shop/inventory/inventory_reserved.js").InventoryReserved;
  "shop.inventory.StockCounted": import("./shop/inventory/stock_counted.js").StockCounted;
  "shop.payments.PaymentAuthorized": import("./shop/payments/payment_authorized.js").PaymentAuthorized;
  "shop.payments.PaymentRefunded": import("./shop/payments/payment_refunded.js").PaymentRefunded;
  "shop.payments.PaymentRefused": import("./shop/payments/payment_refused.js").PaymentRefused;
  "shop.pricing.PriceChanged": import("./shop/pricing/price_changed.js").PriceChanged;
  "shop.sales.OrderCancelled": import("./shop/sales/order_cancelled.js").OrderCancelled;
  "shop.sales.OrderPlaced": import("./shop/sales/order_placed.js").OrderPlaced;
}

export type FactType = keyof Facts;
