//! The one boot order, and the one way down.
//!
//! Telemetry → configuration with every fault at once → bind → log the address → start the service → serve → signal →
//! drain. The drain ends readiness, stops accepting and lets requests finish, then asks the parts to end and waits for
//! them, then calls the drain hooks in the order they were registered, then flushes telemetry.
//!
//! Exit codes: 0 drained, 1 drain not finished within the grace, 64 configuration or a setting of the cluster, 70 a part fell,
//! 130 second signal.

mod shutdown;

use crate::env::{Environment, Faults, ProcessEnvironment, Reader};
use crate::error::{Kind, Problem, kind};
use crate::health::{self, Condition, Readiness};
use crate::lifecycle::{Crew, Drain, Fatal, with_causes};
use crate::reach::{self, Miss};
use crate::serve::{self, Ports, Sides, Tls};
use crate::settings::HostConfig;
use crate::telemetry::{self, Telemetry};
use axum::Router;
use futures::future::BoxFuture;
use prometheus::Registry;
use shutdown::{End, Hooks, Signals};
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tonic::server::NamedService;
use tonic::service::Routes;

/// Whatever stopped a service from starting.
pub type BoxError = Box<dyn Error + Send + Sync>;

const EXIT_CONFIG: u8 = 64;
const EXIT_SOFTWARE: u8 = 70;

/// What a service gets to start with. Cheap to clone.
#[derive(Clone)]
pub struct Boot {
    pub config: HostConfig,
    /// Where the process listens; the real port even when 0 was asked for.
    pub address: SocketAddr,
    pub readiness: Readiness,
    pub drain: Drain,
    pub fatal: Fatal,
    /// The registry behind `/metrics`, for collectors that do not come through OpenTelemetry.
    pub registry: Registry,
    crew: Crew,
    hooks: Hooks,
}

/// What a service hands back to be served.
#[derive(Default)]
pub struct Parts {
    http: Router,
    grpc: Routes,
    services: Vec<&'static str>,
    descriptors: Vec<&'static [u8]>,
}

/// Runs a service until it is told to end. This is all of a service's `main`:
///
/// ```no_run
/// use weir_host::{Boot, Parts, Reader, process::BoxError};
///
/// weir_host::allocator!();
///
/// struct Config { greeting: String }
///
/// fn read(reader: &mut Reader<'_>) -> Config {
///     Config { greeting: reader.required("WEIR_GREETING") }
/// }
///
/// async fn start(boot: Boot, config: Config) -> Result<Parts, BoxError> {
///     let log = boot.readiness.condition("log");
///     boot.thread("stage hello", move |drain| {
///         log.set(true, "connected");
///         while !drain.is_requested() { std::thread::yield_now(); }
///         Ok::<(), std::io::Error>(())
///     })?;
///     let greet = axum::routing::get(move || async move { config.greeting });
///     Ok(Parts::new().http(axum::Router::new().route("/hello", greet)))
/// }
///
/// fn main() -> std::process::ExitCode {
///     weir_host::run("hello", read, start)
/// }
/// ```
pub fn run<C, S, F>(service: &'static str, read: fn(&mut Reader<'_>) -> C, start: S) -> ExitCode
where
    C: 'static,
    S: FnOnce(Boot, C) -> F,
    F: Future<Output = Result<Parts, BoxError>>,
{
    let environment = ProcessEnvironment;
    let mut reader = Reader::new(&environment as &dyn Environment);
    let host = HostConfig::read(&mut reader, service);
    // Somebody else may have installed one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(host.threads.clamp(1, 1024))
        .thread_name(service)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{service}: the async runtime can not start: {error}");
            return ExitCode::from(EXIT_SOFTWARE);
        }
    };
    let code = runtime.block_on(boot(host, reader, read, start));
    // Stray blocking work must not keep a drained process alive.
    runtime.shutdown_background();
    code
}

async fn boot<C, S, F>(host: HostConfig, mut reader: Reader<'_>, read: fn(&mut Reader<'_>) -> C, start: S) -> ExitCode
where
    S: FnOnce(Boot, C) -> F,
    F: Future<Output = Result<Parts, BoxError>>,
{
    let (telemetry, faults) = telemetry::install(&host);
    telemetry::log_panics();
    for fault in faults {
        reader.fault(&fault.name, fault.wrong, fault.should);
    }
    let config = read(&mut reader);
    let tls = load_tls(&host, &mut reader);
    let lived = match reader.finish() {
        Ok(()) => live(host, config, tls, telemetry.registry.clone(), start).await,
        Err(faults) => Err(faults.into()),
    };
    let code = match lived {
        Ok(code) => code,
        Err(error) => refuse(error.as_ref()),
    };
    flush(telemetry).await;
    ExitCode::from(code)
}

fn load_tls(host: &HostConfig, reader: &mut Reader<'_>) -> Option<Tls> {
    let loaded = Tls::load(host.tls.as_ref()?);
    loaded.map_err(|fault| reader.fault(&fault.name, fault.wrong, fault.should)).ok()
}

async fn live<C, S, F>(
    host: HostConfig,
    config: C,
    tls: Option<Tls>,
    registry: Registry,
    start: S,
) -> Result<u8, BoxError>
where
    S: FnOnce(Boot, C) -> F,
    F: Future<Output = Result<Parts, BoxError>>,
{
    let mut signals = Signals::listen()?;
    let plain = listen("WEIR_LISTEN", host.listen).await?;
    let address = plain.local_addr()?;
    tracing::info!(service = host.service, instance = host.instance, address = %address, "listening");
    let mut ports = Ports { plain, tls: None };
    if let Some(tls) = tls {
        let listener = listen("WEIR_TLS_LISTEN", tls.address()).await?;
        tracing::info!(address = %listener.local_addr()?, "listening for TLS");
        ports.tls = Some((listener, tls));
    }
    let drain = Drain::new();
    let (fatal, mut falls) = Fatal::channel();
    let boot = Boot {
        crew: Crew::new(drain.clone(), fatal.clone()),
        readiness: Readiness::new(),
        hooks: Hooks::default(),
        config: host,
        address,
        drain,
        fatal,
        registry,
    };
    // Not ready before the service has said what it waits for.
    let started = boot.readiness.condition("started");
    let parts = tokio::select! {
        parts = start(boot.clone(), config) => parts?,
        signal = signals.next() => {
            tracing::info!(signal, "asked to end before the start was over");
            return Ok(0);
        }
    };
    let server = parts.serve(&boot, ports)?;
    started.set(true, "serving");
    let end = tokio::select! {
        signal = signals.next() => End::Asked(signal),
        Some(fall) = falls.recv() => End::Fallen(fall),
    };
    Ok(shutdown::drain(boot, server, signals, end).await)
}

async fn listen(variable: &'static str, address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address).await.map_err(|error| {
        let detail = format!("{variable}: {address} can not be listened on: {error}; end who has it, or take another");
        Problem::new(kind::CONFIG_INVALID, detail).with("variable", variable)
    })
}

/// Logs why the process does not start, each fault on a line of its own, and says with which code it leaves.
fn refuse(error: &(dyn Error + Send + Sync + 'static)) -> u8 {
    if let Some(faults) = error.downcast_ref::<Faults>() {
        for fault in &faults.0 {
            let (variable, wrong, should) = (&fault.name, &fault.wrong, &fault.should);
            tracing::error!(variable, wrong, should, "configuration fault");
        }
        let (count, page) = (faults.0.len(), "docs/errors/config-invalid.md");
        tracing::error!(count, page, "process not started, configuration has faults");
        return EXIT_CONFIG;
    }
    tracing::error!(error = with_causes(error), "process not started");
    exit_code(error.downcast_ref::<Problem>().map(Problem::kind))
}

/// With which code a process leaves that can not go on.
fn exit_code(kind: Option<Kind>) -> u8 {
    let settings = [kind::CONFIG_INVALID, kind::BROKER_SETTING, kind::TOPIC_SETTING];
    match kind.is_some_and(|kind| settings.contains(&kind)) {
        true => EXIT_CONFIG,
        false => EXIT_SOFTWARE,
    }
}

async fn flush(telemetry: Telemetry) {
    let flushed = tokio::task::spawn_blocking(move || telemetry.flush()).await;
    if flushed.is_err() {
        eprintln!("telemetry could not be flushed");
    }
}

// === impl Boot ===

impl Boot {
    /// Starts a task that must work until the drain; if it ends before, the process ends with 70, or 64 over a setting.
    pub fn task<E: Into<BoxError>>(
        &self,
        part: impl Into<String>,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.crew.task(part, work);
    }

    /// Starts an OS thread under the same terms. It must look at the drain in its loop.
    pub fn thread<E: Into<BoxError>>(
        &self,
        part: impl Into<String>,
        work: impl FnOnce(Drain) -> Result<(), E> + Send + 'static,
    ) -> std::io::Result<()> {
        self.crew.thread(part, work)
    }

    /// Puts a thread that somebody else has started under the same terms.
    pub fn joined<E: Into<BoxError> + Send + 'static>(
        &self,
        part: impl Into<String>,
        thread: JoinHandle<Result<(), E>>,
    ) -> std::io::Result<()> {
        self.crew.thread(part, move |_| match thread.join() {
            Ok(ended) => ended.map_err(Into::into),
            Err(_) => Err(BoxError::from("panicked, see the log line before this")),
        })
    }

    /// Tries until the process has what it needs from outside; `condition` says meanwhile what is missing. Nothing, where the
    /// drain comes first.
    ///
    /// # Errors
    /// Where no further try would help.
    pub async fn reach<T: Send + 'static>(
        &self,
        condition: &Condition,
        attempt: impl Fn() -> Result<T, Miss> + Clone + Send + 'static,
    ) -> Result<Option<T>, BoxError> {
        reach::reach(&self.drain, condition, reach::PAUSE, attempt).await
    }

    /// Registers work for the end: it runs when all parts have ended, after the hooks registered before it.
    pub fn on_drain<F>(&self, name: impl Into<String>, hook: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let boxed = move || Box::pin(hook()) as BoxFuture<'static, ()>;
        self.hooks.push(name.into(), Box::new(boxed));
    }
}

// === impl Parts ===

impl Parts {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds HTTP routes. Unknown paths, limits and panics are the host's business.
    #[must_use]
    pub fn http(mut self, routes: Router) -> Self {
        self.http = self.http.merge(routes);
        self
    }

    /// Adds a gRPC service; its name gets a health status that follows readiness.
    #[must_use]
    pub fn grpc<S>(mut self, service: S) -> Self
    where
        S: tower::Service<http::Request<tonic::body::Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.grpc = self.grpc.add_service(service);
        self.services.push(S::NAME);
        self
    }

    /// Adds an encoded `FileDescriptorSet` for reflection.
    #[must_use]
    pub fn descriptors(mut self, encoded: &'static [u8]) -> Self {
        self.descriptors.push(encoded);
        self
    }

    /// Adds what every process answers, and begins to serve. The result stops it.
    fn serve(self, boot: &Boot, ports: Ports) -> Result<shutdown::Server, BoxError> {
        let mut reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        for encoded in self.descriptors {
            reflection = reflection.register_encoded_file_descriptor_set(encoded);
        }
        let (reporter, health) = tonic_health::server::health_reporter();
        let grpc = self.grpc.add_service(health).add_service(reflection.build_v1()?);
        let limits = boot.config.limits;
        let probes = health::router(boot.readiness.clone(), boot.registry.clone());
        let sides = Sides {
            http: serve::http(self.http.merge(probes), &limits),
            grpc: serve::grpc(grpc.prepare().into_axum_router()),
        };
        let drain = Drain::new();
        let readiness = boot.readiness.clone();
        let follower = health::follow(readiness, reporter, self.services, drain.clone());
        tokio::spawn(follower);
        if let Some((_, tls)) = &ports.tls {
            tokio::spawn(tls.clone().follow(drain.clone()));
        }
        let serving = tokio::spawn(serve::serve(ports, sides, limits, drain.clone()));
        Ok(shutdown::Server { drain, serving })
    }
}
