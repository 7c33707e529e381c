-- Prepaid credit as pools whose unit is money, in billionths of the currency's major unit. One pool for each prepaid entitlement and billing period,
-- so that the document that bills the period ends what was set aside for it; all pools of a customer and currency share one account, and what is
-- out of it never exceeds what is in it.

create table subscriptions.credit_account (
    customer_id  uuid not null references subscriptions.customer,
    currency     text not null,
    -- What grants leave that pay for every feature, as Invoicing last said.
    balance      bigint not null default 0 check (balance >= 0),
    -- What sidecars spent or may still spend and no document has billed.
    used         bigint not null default 0,
    -- The balance, or what was out when it fell below that.
    cap          bigint not null default 0,
    primary key (customer_id, currency),
    constraint credit_account_conserves check (used <= cap)
);

-- Pools of money are those of an entitlement under an id of their own.
alter table subscriptions.pool
    drop constraint pool_entitlement_id_fkey,
    add column credit_customer_id uuid,
    add column credit_currency text,
    add column credit_feature text,
    -- Billed: the credit that was spent here has left the wallet, and is counted no more.
    add column billed_at timestamptz,
    add foreign key (credit_customer_id, credit_currency) references subscriptions.credit_account;

create index pool_of_credit on subscriptions.pool (credit_customer_id, credit_currency) where credit_customer_id is not null;

create function subscriptions.count_credit() returns trigger language plpgsql as $$
declare
    delta bigint;
begin
    delta := case when new.billed_at is null then new.settled + new.held else 0 end;
    if tg_op = 'UPDATE' and old.billed_at is null then
        delta := delta - old.settled - old.held;
    end if;
    if delta <> 0 then
        -- Of a document that was voided the credit counts again, whatever has become of the balance. Nothing else raises the cap here.
        update subscriptions.credit_account
        set used = used + delta,
            cap = case
                when delta < 0 then least(cap, greatest(balance, used + delta))
                when tg_op = 'UPDATE' and old.billed_at is not null then greatest(cap, used + delta)
                else cap end
        where customer_id = new.credit_customer_id and currency = new.credit_currency;
    end if;
    return null;
end
$$;

create trigger pool_counts_credit after insert or update of settled, held, billed_at on subscriptions.pool
    for each row when (new.credit_customer_id is not null) execute function subscriptions.count_credit();
