-- The ledger as the facts of "stock" add up to. Everything here can be made again from the log.

create table stock_levels (
    tenant       text   not null,
    pool         text   not null,
    sku          text   not null,
    warehouse    text   not null,
    on_hand      bigint not null default 0,
    allocated    bigint not null default 0,
    damaged      bigint not null default 0,
    suspect      bigint not null default 0,
    quality_hold bigint not null default 0,
    shortage     bigint not null default 0,
    primary key (tenant, pool, sku, warehouse)
);

create table stock_soft (
    tenant text   not null,
    pool   text   not null,
    sku    text   not null,
    soft   bigint not null default 0,
    primary key (tenant, pool, sku)
);
