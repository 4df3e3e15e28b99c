//! What this service can be told, beside what the host can.

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::cell::RefCell;
use std::time::Duration;
use weir_host::{Reader, Secret};
use weir_pipeline::Config;

/// The service's schema in the one database.
pub const SCHEMA: &str = "fulfillment";

/// How long a query waits for a connection before it says that the projection is away.
const PATIENCE: Duration = Duration::from_secs(3);

/// The configuration of the process.
pub struct Settings {
    pub log: Config,
    pub database: PgConnectOptions,
    /// `WEIR_COMMAND_WAIT_MS`: how long a caller waits for a command's answer.
    pub command_wait: Duration,
}

impl Settings {
    /// Reads the environment; faults stay with the reader.
    pub fn read(reader: &mut Reader<'_>) -> Settings {
        let lookup = RefCell::new(&mut *reader);
        let log = Config::from_lookup(SCHEMA, |name| lookup.borrow_mut().optional(name));
        let log = log.unwrap_or_else(|faults| {
            for fault in faults {
                note(reader, &fault);
            }
            Config::new("", SCHEMA)
        });
        let url: Secret = reader.required("WEIR_DATABASE_URL");
        let database = url.reveal().parse().unwrap_or_else(|_| {
            let should = "an address such as postgres://user:password@host:5432/weir";
            reader.check("WEIR_DATABASE_URL", url.reveal().is_empty(), "can not be read", should);
            PgConnectOptions::new_without_pgpass()
        });
        let command_wait = reader.or("WEIR_COMMAND_WAIT_MS", Duration::from_secs(5));
        Settings { log, database, command_wait }
    }

    /// Connections that see the service's own schema first. None is made before it is needed.
    pub fn pool(&self) -> PgPool {
        // A page of lists is one walk along an index in its order; a plan that gathers and sorts all that is active first
        // looks cheaper while the table's statistics are young.
        let own = [("search_path", SCHEMA), ("enable_bitmapscan", "off")];
        let options = self.database.clone().options(own);
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(PATIENCE);
        pool.connect_lazy_with(options)
    }
}

/// The pipeline says a fault in one sentence: the variable, what was wrong, what it should be.
fn note(reader: &mut Reader<'_>, fault: &str) {
    let (name, rest) = fault.split_once(' ').unwrap_or((fault, "can not be used"));
    let (wrong, should) = rest.split_once("; it should be ").unwrap_or((rest, "another value"));
    reader.fault(name, wrong, should);
}

#[cfg(test)]
mod tests {
    //! The service's own variables are judged with the host's.
    use super::*;

    #[test]
    fn every_fault_is_named() {
        let source = [("WEIR_PARTITIONS", "many"), ("WEIR_DATABASE_URL", "nowhere")];
        let mut reader = Reader::new(&source);
        Settings::read(&mut reader);
        let faults = reader.finish().expect_err("three things are wrong").0;
        let named: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.name.as_str(), fault.wrong.as_str())).collect();
        assert_eq!(
            named,
            [
                ("WEIR_BROKERS", "is not set"),
                ("WEIR_PARTITIONS", "is \"many\""),
                ("WEIR_DATABASE_URL", "can not be read"),
            ]
        );
    }

    #[test]
    fn brokers_and_database_are_enough() {
        let source = [("WEIR_BROKERS", "127.0.0.1:9092"), ("WEIR_DATABASE_URL", "postgres://weir@127.0.0.1/weir")];
        let mut reader = Reader::new(&source);
        let settings = Settings::read(&mut reader);
        assert_eq!(reader.finish(), Ok(()));
        assert_eq!(settings.log.instance, "fulfillment-0");
        assert_eq!(settings.command_wait, Duration::from_secs(5));
    }
}
