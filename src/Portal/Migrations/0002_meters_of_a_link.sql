-- A token may be for the usage of some meters alone, and says whether it was made for one subject or for the customer with all of its
-- subjects. Older ones named a subject or had the first one of the customer put beside them; they keep to that.

alter table portal.link
    add column allowed_meters text[],
    add column by_subject boolean not null default true;
