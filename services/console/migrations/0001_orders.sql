-- Console's own schema. Everything here is made from facts and can be made again: drop the schema and start anew.

-- Every fact about an order, as its bytes; text and JSON are made when it is read.
create table timeline (
    topic        text   not null,
    partition    int    not null,
    "offset"     bigint not null,
    order_id     uuid   not null,
    -- When the broker took it in: an effect is never before its cause.
    logged_at_ms bigint not null,
    type         text   not null,
    body         bytea  not null,
    primary key (topic, partition, "offset")
);
create index timeline_order on timeline (order_id);

-- One row for each order. A view column is the fold of one topic alone; the state follows from all four. It is written with
-- nearly every fact, so it has as few indexes as can be.
create table orders (
    order_id      uuid   primary key,
    tenant        text   not null,
    placed        json   not null,
    route         json   not null,
    stock         json   not null,
    work          json   not null,
    state         text   not null,
    updated_at_ms bigint not null
) with (fillfactor = 80);
create index orders_state on orders (tenant, state);

-- By what an order is found. Follows from `placed` and is written when that changes, once or twice in an order's life.
create table order_identities (
    order_id          uuid   primary key,
    tenant            text   not null,
    channel           text   not null,
    shop              text   not null,
    platform_order_id text   not null,
    shown_number      text   not null,
    phone_hash        text   not null,
    email_hash        text   not null,
    placed_at_ms      bigint not null
);
create index order_identities_newest on order_identities (tenant, placed_at_ms desc, order_id desc);
create index order_identities_platform on order_identities (platform_order_id) where platform_order_id <> '';
create index order_identities_shown on order_identities (shown_number) where shown_number <> '';
create index order_identities_phone on order_identities (phone_hash) where phone_hash <> '';
create index order_identities_email on order_identities (email_hash) where email_hash <> '';

create table order_skus (
    sku      text not null,
    order_id uuid not null,
    primary key (sku, order_id)
);

create table order_tracking (
    tracking_number text not null,
    order_id        uuid not null,
    primary key (tracking_number, order_id)
);

-- Counted per partition, so that projectors of different partitions don't wait for each other's rows.
create table event_counts (
    tenant    text   not null,
    topic     text   not null,
    partition int    not null,
    type      text   not null,
    count     bigint not null,
    primary key (tenant, topic, partition, type)
) with (fillfactor = 50);

create table state_counts (
    tenant    text   not null,
    partition int    not null,
    state     text   not null,
    count     bigint not null,
    primary key (tenant, partition, state)
) with (fillfactor = 50);
