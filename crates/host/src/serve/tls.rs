//! What the port for TLS shows its clients: a certificate that is looked at now and then, as others renew it on disk.
//!
//! TLS 1.2 and 1.3, no certificates of clients. Which HTTP a connection speaks it says itself, by ALPN, and by nothing else.

mod pair;

use crate::env::Fault;
use crate::lifecycle::Drain;
use crate::semconv;
use opentelemetry::metrics::Gauge;
use pair::Pair;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// What ALPN calls HTTP/2.
pub(super) const H2: &[u8] = b"h2";
const HTTP11: &[u8] = b"http/1.1";

/// Where TLS is served, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    pub listen: SocketAddr,
    /// PEM: the certificate, and after it those between it and its root.
    pub cert: PathBuf,
    /// PEM: its private key, not encrypted.
    pub key: PathBuf,
    /// Time between two looks at the files.
    pub look: Duration,
}

/// The certificate in use. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    config: TlsConfig,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
}

#[derive(Debug)]
struct Shown(RwLock<Arc<Pair>>);

// === impl Tls ===

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// Where no client could be served with them.
    pub fn load(config: &TlsConfig) -> Result<Tls, Fault> {
        let pair = Pair::read(&config.cert, &config.key)?;
        pair.tell();
        let shown = Arc::new(Shown(RwLock::new(Arc::new(pair))));
        let mut server = ServerConfig::builder().with_no_client_auth().with_cert_resolver(shown.clone());
        server.alpn_protocols = vec![H2.to_vec(), HTTP11.to_vec()];
        Ok(Tls { config: config.clone(), shown, acceptor: Arc::new(server).into() })
    }

    /// Where it is to be served.
    pub fn address(&self) -> SocketAddr {
        self.config.listen
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Takes up what is renewed, until the drain. What can't be used is logged, and what was shown before stays.
    pub async fn follow(self, drain: Drain) {
        let expires = semconv::TLS_EXPIRES.gauge(&opentelemetry::global::meter(crate::trace::TRACER));
        let mut last: Option<Fault> = None;
        loop {
            self.measure(&expires);
            tokio::select! {
                () = drain.requested() => return,
                () = sleep(self.config.look) => {}
            }
            let fault = self.look().await.err();
            // Once is enough for each: the next look may be the thousandth at the same.
            if let Some(fault) = fault.as_ref().filter(|fault| last.as_ref() != Some(fault)) {
                let (variable, wrong, should) = (&fault.name, &fault.wrong, &fault.should);
                tracing::warn!(variable, wrong, should, "certificate not taken up, the one before stays in use");
            }
            last = fault;
        }
    }

    async fn look(&self) -> Result<(), Fault> {
        let TlsConfig { cert, key, .. } = self.config.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || Pair::read(&cert, &key)).await else {
            // It panicked, which is in the log; the next look may do better.
            return Ok(());
        };
        let pair = read?;
        if pair.key.cert != self.shown.now().key.cert {
            self.shown.replace(pair);
            self.shown.now().tell();
        }
        Ok(())
    }

    fn measure(&self, expires: &Gauge<u64>) {
        if let Some(end) = self.shown.now().not_after {
            expires.record(end.saturating_sub(now_s()), &[]);
        }
    }
}

// === impl Shown ===

impl Shown {
    fn now(&self) -> Arc<Pair> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, pair: Pair) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now().key.clone())
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
