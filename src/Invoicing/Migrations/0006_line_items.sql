-- Which item of which phase a line bills, and in which billing period of the subscription, so that programs find their way from a line back to
-- what was sold. Lines from before say it by their keys alone.

alter table invoicing.invoice_line add column item jsonb;
