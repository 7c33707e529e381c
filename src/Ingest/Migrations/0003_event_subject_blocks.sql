-- A block range of events has some 700 rows. Filters made for 500 subjects answered yes for half of all ranges; made for a thousand they
-- find one subject among ten thousand by reading a seventh of the blocks, and are still half a per cent of the events.

drop index ingest.event_subject;

create index event_subject on ingest.event using brin (subject text_bloom_ops (n_distinct_per_range = 1000))
    with (pages_per_range = 32, autosummarize = on);
