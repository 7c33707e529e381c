-- A delta is written once, read a few times and folded within seconds: its dimensions stay the text they arrive as. What is kept for ever, hours
-- and days, has them parsed.

alter table ingest.usage_delta alter column dimensions type json using dimensions::json;
