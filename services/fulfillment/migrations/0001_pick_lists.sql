-- What a warehouse works on, and where each order stands. Everything here is made from the topic "shipments".

create table fulfillment_orders (
    order_id text primary key,
    tenant text not null,
    -- In Shopify's words; null until a fact says something of it.
    status text check (status in ('OPEN', 'SCHEDULED', 'ON_HOLD', 'IN_PROGRESS', 'INCOMPLETE', 'CLOSED', 'CANCELLED')),
    plan integer,
    -- Version of the aggregate in the newest fact.
    version bigint not null
);

-- A list's row is written three or four times in a short life: room on the page keeps those writes there, as none of the
-- indexed columns changes before the list has left or was withdrawn.
create table pick_lists (
    pick_list_id text primary key,
    -- Order of issue as this projection saw it; the page token.
    place bigint generated always as identity,
    order_id text not null,
    tenant text not null,
    warehouse text not null,
    state text not null check (state in ('open', 'picked', 'packed', 'shipped', 'short', 'withdrawn', 'cancelled')),
    -- Somebody still has to do something with it.
    active boolean not null,
    plan integer not null,
    priority integer not null,
    ship_by_ms bigint not null,
    issued_at_ms bigint not null,
    -- weir.shipment.v1.PickListIssued, encoded.
    body bytea not null
) with (fillfactor = 70);

create index pick_lists_active on pick_lists (tenant, place) where active;
create index pick_lists_active_by_warehouse on pick_lists (tenant, warehouse, place) where active;
create index pick_lists_by_order on pick_lists (order_id, place);
