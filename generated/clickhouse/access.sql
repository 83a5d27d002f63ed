-- Written by `backbone contracts generate`: do not edit.

CREATE ROLE IF NOT EXISTS backbone_loader;

REVOKE ALL ON * FROM backbone_loader;

CREATE ROLE IF NOT EXISTS backbone_analyst;

REVOKE ALL ON * FROM backbone_analyst;

CREATE ROLE IF NOT EXISTS backbone_personal;

REVOKE ALL ON * FROM backbone_personal;

CREATE ROLE IF NOT EXISTS backbone_restricted;

REVOKE ALL ON * FROM backbone_restricted;

CREATE SETTINGS PROFILE IF NOT EXISTS backbone_loads SETTINGS async_insert = 0 TO backbone_loader;

CREATE SETTINGS PROFILE IF NOT EXISTS backbone_reads SETTINGS readonly = 2, max_execution_time = 60, max_memory_usage = 4000000000 TO backbone_analyst, backbone_personal, backbone_restricted;

GRANT SELECT, INSERT, CREATE TABLE, CREATE VIEW, DROP VIEW, ALTER ADD COLUMN, ALTER MODIFY COLUMN ON * TO backbone_loader;

GRANT SELECT ON `billing_contract_signed__masked` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `billing_contract_signed` TO backbone_personal;

GRANT SELECT ON `billing_contract_signed__rows` TO backbone_personal;

GRANT SELECT ON `billing_invoice_issued__masked` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `billing_invoice_issued` TO backbone_personal;

GRANT SELECT ON `billing_invoice_issued__rows` TO backbone_personal;

GRANT SELECT ON `catalogue_product_described` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `catalogue_product_described__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `crm_customer_changed` TO backbone_restricted;

GRANT SELECT ON `crm_customer_changed__rows` TO backbone_restricted;

GRANT SELECT ON `fulfilment_fulfillment_shipped__masked` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `fulfilment_fulfillment_shipped` TO backbone_personal;

GRANT SELECT ON `fulfilment_fulfillment_shipped__rows` TO backbone_personal;

GRANT SELECT ON `inventory_inventory_released` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `inventory_inventory_released__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `inventory_inventory_reserved` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `inventory_inventory_reserved__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `inventory_stock_counted` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `inventory_stock_counted__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `payments_payment_authorized` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `payments_payment_authorized__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `payments_payment_refunded` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `payments_payment_refunded__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `payments_payment_refused` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `payments_payment_refused__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `pricing_price_changed` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `pricing_price_changed__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `sales_order_cancelled` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `sales_order_cancelled__rows` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `sales_order_placed__masked` TO backbone_analyst, backbone_personal;

GRANT SELECT ON `sales_order_placed` TO backbone_personal;

GRANT SELECT ON `sales_order_placed__rows` TO backbone_personal;

GRANT SELECT ON complete_up_to TO backbone_analyst, backbone_personal, backbone_restricted;

GRANT SELECT ON complete_up_to__rows TO backbone_analyst, backbone_personal, backbone_restricted;
