-- What routing answers queries from. All of it can be folded anew from the routes topic.

-- Holds that wait for an answer.
create table holds (
    tenant text not null,
    hold_id text not null,
    order_id text not null,
    reason text not null,
    rule text not null,
    owner_group text not null,
    deadline_ms bigint not null,
    held_at_ms bigint not null,
    order_version bigint not null,
    primary key (tenant, hold_id)
);
create index holds_oldest_first on holds (tenant, held_at_ms, hold_id);
create index holds_of_an_order on holds (tenant, order_id);

-- What was decided on an order, step by step: the facts themselves, without the address.
create table steps (
    tenant text not null,
    order_id text not null,
    version bigint not null,
    at_ms bigint not null,
    event bytea not null,
    primary key (tenant, order_id, version)
);
