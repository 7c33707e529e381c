-- Payments that are entered at the same instant are told apart by the order in which they came.

alter table invoicing.payment add column number bigint generated always as identity;

drop index invoicing.payment_invoice;
create index payment_invoice on invoicing.payment (invoice_id, number);
