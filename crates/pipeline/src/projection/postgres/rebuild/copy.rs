//! Tables like the live ones, in a schema of their own.
//!
//! What `like … including all` leaves out is added: names of indexes, storage parameters, privileges, its comment. Afterwards both are
//! described and compared; what could not be copied, and what hangs on a table and would be lost with it (a view, a foreign key,
//! a trigger), is a refusal by name.

use super::{RebuildFault, execute};
use crate::projection::Projection;
use crate::projection::postgres::{desk, store};
use sqlx::{AssertSqlSafe, PgConnection};

/// Set on the schema of copies: nothing else may be removed by its name.
const MARK: &str = "weir: copies that a rebuild makes";

/// What depends on a table, or hangs on it, and is neither copied nor may be lost. $1: its oid.
const HANGS_ON: &str = "
    select pg_describe_object(d.classid, d.objid, d.objsubid) from pg_depend d
    where d.refclassid = 'pg_class'::regclass and d.refobjid = $1 and d.deptype = 'n'
        and d.classid <> 'pg_attrdef'::regclass and not (d.classid = 'pg_class'::regclass and d.objid = $1)
        and not exists (select from pg_constraint c where d.classid = 'pg_constraint'::regclass and c.oid = d.objid
            and c.conrelid = $1 and c.contype <> 'f')
    union select pg_describe_object('pg_constraint'::regclass, oid, 0) from pg_constraint
        where contype = 'f' and conrelid = $1
    union select pg_describe_object('pg_trigger'::regclass, oid, 0) from pg_trigger
        where tgrelid = $1 and not tgisinternal
    union select pg_describe_object('pg_rewrite'::regclass, oid, 0) from pg_rewrite where ev_class = $1
    union select 'row security' from pg_class where oid = $1 and relrowsecurity
    union select pg_describe_object('pg_publication_rel'::regclass, oid, 0) from pg_publication_rel where prrelid = $1
    union select 'inheritance' from pg_inherits where inhrelid = $1 or inhparent = $1
    union select 'a sequence that is no identity: ' || s.relname from pg_attrdef a
        join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid
            and d.refclassid = 'pg_class'::regclass
        join pg_class s on s.oid = d.refobjid and s.relkind = 'S' where a.adrelid = $1";

/// Everything about a table that has to be the same, line by line; its schema's name is replaced. $1: its oid.
const DESCRIBE: &str = "
    select coalesce(string_agg(replace(line, format('%I.', n.nspname), ''), E'\\n' order by line), '')
    from pg_class t join pg_namespace n on n.oid = t.relnamespace, lateral (
        select format('table %s %s %s %s %s %s', t.relkind, t.relpersistence, pg_get_userbyid(t.relowner),
            obj_description(t.oid, 'pg_class'), t.reloptions,
            (select reloptions from pg_class where oid = t.reltoastrelid)) as line
        union all select format('column %s %s %s %s %s %s %s %s %s %s %s', row_number() over (order by attnum), attname,
            format_type(atttypid, atttypmod), attcollation, attnotnull, attidentity, attgenerated, attstorage,
            attcompression, attacl, (select pg_get_expr(adbin, adrelid) from pg_attrdef
                where adrelid = attrelid and adnum = attnum))
            from pg_attribute where attrelid = t.oid and attnum > 0 and not attisdropped
        union all select format('constraint %s %s %s', conname, pg_get_constraintdef(oid),
            obj_description(oid, 'pg_constraint')) from pg_constraint where conrelid = t.oid
        union all select format('index %s %s', pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class')) from pg_index where indrelid = t.oid
        union all select format('grant %s %s %s', grantee, privilege_type, is_grantable)
            from aclexplode(coalesce(t.relacl, acldefault('r', t.relowner)))
    ) as lines where t.oid = $1";

/// Statements that make the copy. $1: oid of the live table, $2: schema of the copies.
const COPY: &str = "
    select statement from pg_class t join pg_namespace n on n.oid = t.relnamespace, lateral (
        select 1 as place, format('create %s table %I.%I (like %I.%I including all excluding indexes) %s',
            case t.relpersistence when 'u' then 'unlogged' else '' end, $2, t.relname, n.nspname, t.relname,
            (select 'with (' || string_agg(o, ', ') || ')' from (
                select unnest(t.reloptions) union all
                select 'toast.' || unnest(reloptions) from pg_class where oid = t.reltoastrelid) as options (o))
        ) as statement
        union all select 2, format('alter table %I.%I add constraint %I %s', $2, t.relname, conname,
            pg_get_constraintdef(oid))
            from pg_constraint where conrelid = t.oid and contype in ('p', 'u', 'x')
        union all select 3, replace(pg_get_indexdef(indexrelid), format(' ON %I.%I USING ', n.nspname, t.relname),
            format(' ON %I.%I USING ', $2, t.relname))
            from pg_index i where indrelid = t.oid
            and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.conrelid = t.oid)
        union all select 4, format('grant %s on %I.%I to %s%s', privilege_type, $2, t.relname,
            case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
            case when is_grantable then ' with grant option' else '' end)
            from aclexplode(t.relacl) where grantee <> t.relowner
        union all select 5, format('alter table %I.%I alter column %I restart with %s', $2, t.relname, attname,
            (coalesce(pg_sequence_last_value(pg_get_serial_sequence(format('%I.%I', n.nspname, t.relname),
                attname)::regclass), 0) / 4294967296 + 1) * 4294967296)
            from pg_attribute where attrelid = t.oid and attidentity <> '' and atttypid = 'bigint'::regtype
        union all select 6, format('comment on table %I.%I is %L', $2, t.relname, obj_description(t.oid, 'pg_class'))
            where obj_description(t.oid, 'pg_class') is not null
    ) as made where t.oid = $1 order by place, statement";

/// Live tables, and the schema for their copies.
pub(super) struct Copies {
    /// Quoted already, as all names here.
    pub(super) live: String,
    pub(super) beside: String,
    /// Name, and the live table as it was when its copy was made.
    pub(super) tables: Vec<(String, String)>,
}

impl Copies {
    /// Takes the lock of the schema, which is held as long as the connection, and looks whether the tables can be copied.
    pub(super) async fn plan(
        connection: &mut PgConnection,
        projection: &impl Projection,
    ) -> Result<Copies, RebuildFault> {
        if projection.tables().is_empty() {
            return Err(RebuildFault::Refused("it names no tables".to_owned()));
        }
        let schema: Option<String> = sqlx::query_scalar("select current_schema()").fetch_one(&mut *connection).await?;
        let schema = schema.ok_or_else(|| RebuildFault::Refused("the search path names no schema".to_owned()))?;
        let beside = format!("{schema}_rebuild");
        // A longer name would be cut, perhaps to that of another's schema.
        if beside.len() > 63 {
            return Err(RebuildFault::Refused(format!("{beside} is too long for the name of a schema")));
        }
        let lock = "select pg_try_advisory_lock(hashtextextended('weir rebuild ' || $1, 0))";
        if !sqlx::query_scalar::<_, bool>(lock).bind(&schema).fetch_one(&mut *connection).await? {
            return Err(RebuildFault::Busy(schema));
        }
        desk::prepare(connection).await?;
        sqlx::query(store::CREATE).execute(&mut *connection).await?;
        let (name, tables) = (projection.name(), projection.tables());
        if let Some(other) = desk::shares_tables(connection, name, tables).await? {
            return Err(RebuildFault::Refused(format!("{other} writes to the same tables")));
        }
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        Ok(Copies {
            live: quoted(&schema),
            beside: quoted(&beside),
            tables: tables.iter().map(|table| (quoted(table), String::new())).collect(),
        })
    }

    /// Removes what an earlier rebuild left, and makes empty copies.
    pub(super) async fn make(&mut self, connection: &mut PgConnection) -> Result<(), RebuildFault> {
        self.remove(connection).await?;
        let Copies { live, beside, tables } = self;
        // With nothing in the search path every name is told in full.
        let begin = format!(
            "begin; set local search_path to pg_catalog;
             create schema {beside}; comment on schema {beside} is '{MARK}'"
        );
        execute(connection, begin).await?;
        for (table, described) in tables {
            let from = format!("{live}.{table}");
            let Some(oid) = oid_of(connection, &from).await? else {
                return Err(RebuildFault::Refused(format!("table {from} is not there")));
            };
            let hanging: Vec<String> = sqlx::query_scalar(HANGS_ON).bind(oid).fetch_all(&mut *connection).await?;
            if !hanging.is_empty() {
                return Err(RebuildFault::Refused(format!("table {from} would take with it: {}", hanging.join(", "))));
            }
            let schema = beside.trim_matches('"');
            let statements: Vec<String> =
                sqlx::query_scalar(COPY).bind(oid).bind(schema).fetch_all(&mut *connection).await?;
            for statement in statements {
                execute(connection, statement).await?;
            }
            *described = describe(connection, oid).await?;
            let copy = oid_of(connection, &format!("{beside}.{table}")).await?;
            let copied = match copy {
                Some(copy) => describe(connection, copy).await?,
                None => String::new(),
            };
            if copied != *described {
                let missing: Vec<&str> = described.lines().filter(|line| !copied.lines().any(|l| l == *line)).collect();
                return Err(RebuildFault::Refused(format!("table {from} can't be copied whole: {missing:?}")));
            }
        }
        // From here on, whatever names no schema means the copies, and never the live tables.
        execute(connection, format!("commit; set search_path to {beside}")).await?;
        Ok(())
    }

    /// Whether the live tables are as they were when they were copied. Inside a transaction.
    pub(super) async fn fit(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        execute(connection, "set local search_path to pg_catalog".to_owned()).await?;
        for (table, described) in &self.tables {
            let Some(oid) = oid_of(connection, &format!("{}.{table}", self.live)).await? else { return Ok(false) };
            let hanging: Vec<String> = sqlx::query_scalar(HANGS_ON).bind(oid).fetch_all(&mut *connection).await?;
            if !hanging.is_empty() || describe(connection, oid).await? != *described {
                return Ok(false);
            }
        }
        execute(connection, format!("set local search_path to {}", self.beside)).await?;
        Ok(true)
    }

    /// Without statistics the first readers after the swap would get the plans of empty tables.
    pub(super) async fn analyze(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        for (table, _) in &self.tables {
            execute(connection, format!("analyze {}.{table}", self.beside)).await?;
        }
        Ok(())
    }

    /// Removes the copies, whoever made them; a schema that is none of ours is left alone.
    pub(super) async fn remove(&self, connection: &mut PgConnection) -> Result<(), RebuildFault> {
        let found: Option<Option<String>> =
            sqlx::query_scalar("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = $1")
                .bind(self.beside.trim_matches('"'))
                .fetch_optional(&mut *connection)
                .await?;
        match found {
            None => Ok(()),
            Some(Some(mark)) if mark == MARK => {
                Ok(execute(connection, format!("drop schema {} cascade", self.beside)).await?)
            }
            Some(_) => Err(RebuildFault::Refused(format!("there is a schema {} that is not a rebuild's", self.beside))),
        }
    }
}

async fn oid_of(connection: &mut PgConnection, name: &str) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("select to_regclass($1)::oid::bigint").bind(name).fetch_one(connection).await
}

async fn describe(connection: &mut PgConnection, oid: i64) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(AssertSqlSafe(DESCRIBE.to_owned())).bind(oid).fetch_one(connection).await
}
