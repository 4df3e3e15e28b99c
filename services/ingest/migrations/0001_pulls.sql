-- How far each shop's platform has been read. Where a row is lost, its shop's pull begins anew, an hour back.
create table pulls (
    tenant          text   not null,
    channel         text   not null,
    shop            text   not null,
    -- Digest of the API's address: what was read of another platform says nothing of this one.
    source          bigint not null,
    -- Everything that changed before this, by the platform's own clock, is in the log; at the beginning an hour before begun_ms.
    cursor_ms       bigint not null,
    -- When the shop was first pulled. By the database's clock, as all times below.
    begun_ms        bigint not null,
    last_success_ms bigint not null default 0,
    due_ms          bigint not null,
    -- In a row.
    failures        int    not null default 0,
    last_error      text   not null default '',
    -- Orders that were written to the log, ever.
    entered         bigint not null default 0,
    -- The pull that is under way, and until when nobody else begins one.
    held_by         uuid,
    held_until_ms   bigint not null default 0,
    primary key (tenant, channel, shop)
);
