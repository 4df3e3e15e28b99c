//! The variables that every service understands.

use crate::env::Reader;
use crate::serve::{Limits, TlsConfig};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// What the host itself can be told. A service's own configuration comes beside it.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// The service's name, fixed by its `main`: `ingest`, `routing` …
    pub service: &'static str,
    /// `WEIR_LISTEN`: where HTTP and gRPC are served.
    pub listen: SocketAddr,
    /// `WEIR_TLS_LISTEN`, `WEIR_TLS_CERT`, `WEIR_TLS_KEY`: the same over TLS at a second port; nowhere without them.
    pub tls: Option<TlsConfig>,
    /// `WEIR_INSTANCE`: the name of this process among its equals; stable over restarts, so no pid and no random part.
    pub instance: String,
    /// `WEIR_GRACE_MS`: how long the drain may take before the process ends anyway.
    pub grace: Duration,
    /// `WEIR_THREADS`: threads of the async runtime; stages have their own.
    pub threads: usize,
    /// `WEIR_LOG`: what is logged, such as `info,weir_pipeline=debug`.
    pub log: String,
    /// `WEIR_LOG_FORMAT`: `text` or `json`.
    pub log_json: bool,
    /// `WEIR_OTLP_ENDPOINT`: the collector for traces, metrics and logs; none are sent without it.
    pub otlp_endpoint: Option<String>,
    /// `WEIR_TRACE_FILE`: finished spans are appended here, one JSON object a line.
    pub trace_file: Option<PathBuf>,
    /// `WEIR_TRACE_RATIO`: the share of new traces that is kept; a caller's decision is followed.
    pub trace_ratio: f64,
    /// What a client of the port may take: see `read_limits` for the variables.
    pub limits: Limits,
}

impl HostConfig {
    /// Reads the host's variables. Without `WEIR_LISTEN` the system picks a free port.
    pub fn read(reader: &mut Reader<'_>, service: &'static str) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let config = Self {
            service,
            listen: reader.or("WEIR_LISTEN", SocketAddr::from(([127, 0, 0, 1], 0))),
            tls: read_tls(reader),
            instance: reader.or("WEIR_INSTANCE", format!("{service}-0")),
            grace: reader.or("WEIR_GRACE_MS", Duration::from_secs(20)),
            threads: reader.or("WEIR_THREADS", cores),
            log: read_log_filter(reader),
            log_json: read_log_format(reader),
            otlp_endpoint: read_endpoint(reader),
            trace_file: reader.optional("WEIR_TRACE_FILE"),
            trace_ratio: read_ratio(reader),
            limits: read_limits(reader),
        };
        reader.check(
            "WEIR_THREADS",
            (1..=1024).contains(&config.threads),
            "is out of range",
            "a number from 1 to 1024",
        );
        config
    }
}

/// All three or none: one that is forgotten must not leave the door without TLS in silence.
fn read_tls(reader: &mut Reader<'_>) -> Option<TlsConfig> {
    let names = ["WEIR_TLS_LISTEN", "WEIR_TLS_CERT", "WEIR_TLS_KEY"];
    let look = read_time(reader, "WEIR_TLS_LOOK_MS", Duration::from_secs(60));
    let (set, unset): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| reader.is_set(name));
    if !set.is_empty() {
        for name in unset {
            reader.fault(name, format!("is not set beside {}", set.join(" and ")), "set, or none of the three");
        }
    }
    let listen = reader.optional(names[0]);
    let (cert, key) = (reader.optional(names[1]), reader.optional(names[2]));
    Some(TlsConfig { listen: listen?, cert: cert?, key: key?, look })
}

fn read_limits(reader: &mut Reader<'_>) -> Limits {
    let usual = Limits::default();
    let connections = reader.or("WEIR_MAX_CONNECTIONS", usual.connections);
    let limits = Limits {
        body: reader.or("WEIR_BODY_LIMIT", usual.body),
        header_bytes: reader.or("WEIR_HEADER_LIMIT", usual.header_bytes),
        headers: read_time(reader, "WEIR_HEADER_MS", usual.headers),
        body_idle: read_time(reader, "WEIR_BODY_IDLE_MS", usual.body_idle),
        body_whole: read_time(reader, "WEIR_BODY_MS", usual.body_whole),
        answer: read_time(reader, "WEIR_ANSWER_MS", usual.answer),
        idle: read_time(reader, "WEIR_CONNECTION_IDLE_MS", usual.idle),
        connections,
        connections_per_address: reader.or("WEIR_CONNECTIONS_PER_ADDRESS", connections / 2),
        age: read_time(reader, "WEIR_CONNECTION_AGE_MS", usual.age),
        streams: reader.or("WEIR_MAX_STREAMS", usual.streams),
    };
    let good = (1..=1_000_000).contains(&connections);
    reader.check("WEIR_MAX_CONNECTIONS", good, "is out of range", "a number from 1 to 1000000");
    let good = (8192..=1_048_576).contains(&limits.header_bytes);
    reader.check("WEIR_HEADER_LIMIT", good, "is out of range", "a number from 8192 to 1048576");
    let good = (1..=10_000).contains(&limits.streams);
    reader.check("WEIR_MAX_STREAMS", good, "is out of range", "a number from 1 to 10000");
    // Else a slow body would be answered as if the house were slow.
    reader.check(
        "WEIR_BODY_MS",
        limits.body_whole < limits.answer,
        "is not below WEIR_ANSWER_MS",
        "a shorter time than the whole answer has",
    );
    limits
}

/// A time of zero would end everything at once.
fn read_time(reader: &mut Reader<'_>, name: &str, usual: Duration) -> Duration {
    let time = reader.or(name, usual);
    reader.check(name, !time.is_zero(), "is zero", "a number of milliseconds above zero");
    time
}

fn read_log_filter(reader: &mut Reader<'_>) -> String {
    let should = "a level or a list of target=level, such as info,weir_pipeline=debug";
    reader
        .parse_or("WEIR_LOG", "info".to_owned(), should, |text| EnvFilter::try_new(text).ok().map(|_| text.to_owned()))
}

fn read_log_format(reader: &mut Reader<'_>) -> bool {
    reader.parse_or("WEIR_LOG_FORMAT", false, "text or json", |text| match text {
        "json" => Some(true),
        "text" => Some(false),
        _ => None,
    })
}

fn read_endpoint(reader: &mut Reader<'_>) -> Option<String> {
    let should = "an address such as http://127.0.0.1:4317";
    reader.parse_or("WEIR_OTLP_ENDPOINT", None, should, |text| {
        let uri: http::Uri = text.parse().ok()?;
        (uri.scheme().is_some() && uri.host().is_some()).then(|| Some(text.to_owned()))
    })
}

fn read_ratio(reader: &mut Reader<'_>) -> f64 {
    reader.parse_or("WEIR_TRACE_RATIO", 0.01, "a number from 0.0 to 1.0", |text| {
        let ratio: f64 = text.parse().ok()?;
        (0.0..=1.0).contains(&ratio).then_some(ratio)
    })
}

#[cfg(test)]
mod tests {
    //! Defaults are usable as they are, and each host variable is judged.
    use super::*;

    #[test]
    fn the_empty_environment_is_good() {
        let mut reader = Reader::new(&[]);
        let config = HostConfig::read(&mut reader, "routing");
        assert_eq!(reader.finish(), Ok(()));
        assert_eq!(config.instance, "routing-0");
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.trace_ratio, 0.01);
        assert_eq!((config.otlp_endpoint, config.tls), (None, None));
    }

    #[test]
    fn tls_has_all_of_its_variables_or_none() {
        let all = [("WEIR_TLS_LISTEN", "127.0.0.1:0"), ("WEIR_TLS_CERT", "cert.pem"), ("WEIR_TLS_KEY", "key.pem")];
        let mut reader = Reader::new(&all);
        let tls = HostConfig::read(&mut reader, "routing").tls.expect("all are set");
        assert_eq!((tls.key, tls.look), (PathBuf::from("key.pem"), Duration::from_secs(60)));
        assert_eq!(reader.finish(), Ok(()));
        for forgotten in 0..all.len() {
            let mut source = all;
            source[forgotten].1 = "";
            let mut reader = Reader::new(&source);
            assert_eq!(HostConfig::read(&mut reader, "routing").tls, None);
            let faults = reader.finish().expect_err("one is missing").0;
            let named: Vec<&str> = faults.iter().map(|fault| fault.name.as_str()).collect();
            assert_eq!(named, [all[forgotten].0]);
        }
    }

    #[test]
    fn every_wrong_host_variable_is_named() {
        let source = [
            ("WEIR_LISTEN", "8080"),
            ("WEIR_GRACE_MS", "2s"),
            ("WEIR_THREADS", "0"),
            ("WEIR_LOG", "weir=loud"),
            ("WEIR_LOG_FORMAT", "xml"),
            ("WEIR_OTLP_ENDPOINT", "collector"),
            ("WEIR_TRACE_RATIO", "1.5"),
            ("WEIR_BODY_LIMIT", "-1"),
            ("WEIR_MAX_CONNECTIONS", "0"),
            ("WEIR_CONNECTION_AGE_MS", "0"),
            ("WEIR_CONNECTIONS_PER_ADDRESS", "few"),
            ("WEIR_CONNECTION_IDLE_MS", "0"),
            ("WEIR_HEADER_LIMIT", "100"),
            ("WEIR_HEADER_MS", "0"),
            ("WEIR_BODY_IDLE_MS", "0"),
            ("WEIR_BODY_MS", "30000"),
            ("WEIR_ANSWER_MS", "soon"),
            ("WEIR_MAX_STREAMS", "0"),
            ("WEIR_TLS_LISTEN", "8443"),
            ("WEIR_TLS_LOOK_MS", "0"),
        ];
        let mut reader = Reader::new(&source);
        HostConfig::read(&mut reader, "routing");
        let faults = reader.finish().expect_err("all of them are wrong");
        let mut named: Vec<&str> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
        let mut expected: Vec<&str> = source.iter().map(|(name, _)| *name).collect();
        expected.extend(["WEIR_TLS_CERT", "WEIR_TLS_KEY"]);
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected);
    }
}
