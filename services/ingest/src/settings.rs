//! What ingest reads from the environment beside the host's variables.

use crate::edge::Limits;
use sqlx::postgres::PgConnectOptions;
use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;
use weir_host::{Reader, Secret};
use weir_pipeline::Config;
use weir_pipeline::snapshot::Snapshots;
use weir_privacy::{TenantKey, VARIABLE};

/// Ingest's settings.
pub struct Settings {
    pub log: Config,
    pub key: TenantKey,
    pub limits: Limits,
    /// How long the door tries to write a delivery to the log before it goes into the journal, or is answered 503.
    pub write_within: Duration,
    /// Where deliveries are kept that the log did not take; without it they are answered 503.
    pub journal: Option<JournalSettings>,
    /// Where the clerk's snapshots are kept; without it every start folds `orders` from the beginning.
    pub snapshots: Option<Snapshots>,
    /// Where is noted how far each shop was pulled; without it nothing is pulled.
    pub database: Option<PgConnectOptions>,
}

/// The clerk stands back behind the door: who waits for an answer goes first, and what was taken in is not lost meanwhile.
const CLERK_NICE: &str = "5";

/// The door's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSettings {
    /// A folder on a disk that stays when the process goes.
    pub folder: PathBuf,
    pub bytes_max: u64,
}

/// Reads everything, and leaves each fault with the reader. Nothing where a fault leaves nothing to go on with.
pub fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let log = read_log(reader);
    let key = read_key(reader);
    let limits = Limits {
        in_flight: reader.or("WEIR_DOOR_IN_FLIGHT", 1024),
        in_flight_urgent: reader.or("WEIR_DOOR_IN_FLIGHT_URGENT", 128),
    };
    let places = (1..=1_000_000).contains(&limits.in_flight) && limits.in_flight_urgent <= 1_000_000;
    reader.check("WEIR_DOOR_IN_FLIGHT", places, "is out of range", "a number from 1 to 1000000");
    let write_within = reader.or("WEIR_DOOR_WRITE_MS", Duration::from_millis(1500));
    let in_time = (100..=10_000).contains(&write_within.as_millis());
    reader.check("WEIR_DOOR_WRITE_MS", in_time, "is out of range", "a number from 100 to 10000");
    let journal = read_journal(reader);
    let (snapshots, database) = read_database(reader).unzip();
    Some(Settings { log: log?, key: key?, limits, write_within, journal, snapshots, database })
}

fn read_log(reader: &mut Reader<'_>) -> Option<Config> {
    let shared = RefCell::new(&mut *reader);
    let get = |name: &str| match shared.borrow_mut().optional::<String>(name) {
        None if name == "WEIR_STAGE_NICE" => Some(CLERK_NICE.to_owned()),
        set => set,
    };
    let faults = match Config::from_lookup("ingest", get) {
        Ok(config) => return Some(config),
        Err(faults) => faults,
    };
    for fault in faults {
        // "NAME is wrong; it should be right".
        let (name, rest) = fault.split_once(' ').unwrap_or((&fault, "is wrong"));
        let (wrong, should) = rest.split_once("; it should be ").unwrap_or((rest, "another value"));
        reader.fault(name, wrong, should);
    }
    None
}

fn read_key(reader: &mut Reader<'_>) -> Option<TenantKey> {
    let text: Secret = reader.required(VARIABLE);
    if text.reveal().is_empty() {
        return None;
    }
    let key = TenantKey::from_base64(text.reveal());
    key.map_err(|fault| reader.fault(VARIABLE, fault.to_string(), "32 bytes in base64")).ok()
}

fn read_journal(reader: &mut Reader<'_>) -> Option<JournalSettings> {
    let megabytes: u64 = reader.or("WEIR_JOURNAL_MB", 4096);
    let in_range = (8..=1_000_000).contains(&megabytes);
    reader.check("WEIR_JOURNAL_MB", in_range, "is out of range", "a number from 8 to 1000000");
    let folder: PathBuf = reader.optional::<String>("WEIR_JOURNAL")?.into();
    reader.check("WEIR_JOURNAL", folder.is_absolute(), "is no absolute path", "a folder such as /var/lib/weir/journal");
    Some(JournalSettings { folder, bytes_max: megabytes << 20 })
}

fn read_database(reader: &mut Reader<'_>) -> Option<(Snapshots, PgConnectOptions)> {
    let url: Secret = reader.optional("WEIR_DATABASE_URL")?;
    let both = Snapshots::of_service(url.reveal(), "ingest").ok().zip(url.reveal().parse().ok());
    if both.is_none() {
        reader.fault("WEIR_DATABASE_URL", "is no address of a database", "one such as postgres://user@host/weir");
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

    #[test]
    fn every_fault_is_named_at_once() {
        let source = [
            ("WEIR_PARTITIONS", "many"),
            (VARIABLE, "short"),
            ("WEIR_DOOR_IN_FLIGHT", "0"),
            ("WEIR_DOOR_WRITE_MS", "5"),
            ("WEIR_JOURNAL", "somewhere"),
            ("WEIR_JOURNAL_MB", "1"),
            ("WEIR_DATABASE_URL", "hunter2"),
        ];
        let mut reader = Reader::new(&source);
        assert!(read(&mut reader).is_none());
        let faults = reader.finish().expect_err("all of them are wrong");
        let mut named: Vec<&str> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
        named.sort_unstable();
        let expected = [
            "WEIR_BROKERS",
            "WEIR_DATABASE_URL",
            "WEIR_DOOR_IN_FLIGHT",
            "WEIR_DOOR_WRITE_MS",
            "WEIR_JOURNAL",
            "WEIR_JOURNAL_MB",
            "WEIR_PARTITIONS",
            "WEIR_TENANT_KEY",
        ];
        assert_eq!(named, expected);
        assert!(!faults.to_string().contains("hunter2"), "{faults}");
    }

    #[test]
    fn a_broker_and_a_key_are_enough() {
        let source = [("WEIR_BROKERS", "127.0.0.1:9092"), (VARIABLE, KEY)];
        let mut reader = Reader::new(&source);
        let settings = read(&mut reader).expect("nothing is wrong");
        assert_eq!(reader.finish(), Ok(()));
        assert_eq!((settings.log.instance.as_str(), settings.limits.in_flight), ("ingest-0", 1024));
        assert_eq!(settings.key, TenantKey::new([7; 32]));
        assert!(settings.snapshots.is_none() && settings.database.is_none() && settings.journal.is_none());
    }

    #[test]
    fn a_journal_has_four_gigabytes_unless_something_else_is_said() {
        let source = [("WEIR_BROKERS", "127.0.0.1:9092"), (VARIABLE, KEY), ("WEIR_JOURNAL", "/var/lib/weir/journal")];
        let mut reader = Reader::new(&source);
        let settings = read(&mut reader).expect("nothing is wrong");
        assert_eq!(reader.finish(), Ok(()));
        let journal = JournalSettings { folder: "/var/lib/weir/journal".into(), bytes_max: 4 << 30 };
        assert_eq!(settings.journal, Some(journal));
    }

    #[test]
    fn a_database_is_for_snapshots_and_pulls() {
        let url = "postgres://weir@127.0.0.1:5432/weir";
        let source = [("WEIR_BROKERS", "127.0.0.1:9092"), (VARIABLE, KEY), ("WEIR_DATABASE_URL", url)];
        let mut reader = Reader::new(&source);
        let settings = read(&mut reader).expect("nothing is wrong");
        assert_eq!(reader.finish(), Ok(()));
        assert!(settings.snapshots.is_some() && settings.database.is_some());
    }
}
