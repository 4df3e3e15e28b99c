//! Connections to the mail relay, kept from one mail to the next.
//!
//! lettre's own pool sends a mail's end as a packet of its own. Until the mail itself is acknowledged, Nagle's algorithm holds that
//! packet back, and a relay that delays acknowledgements lets each mail stand for 40 ms. So the socket is made here, with
//! `TCP_NODELAY`; lettre speaks SMTP on it.

use super::relay_url::{RelayUrl, Tls};
use futures::FutureExt;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::response::Response;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// For each address of the relay.
const SOCKET_WITHIN: Duration = Duration::from_secs(5);
/// For greeting, TLS and login: a relay may look our name up first.
const LOGIN_WITHIN: Duration = Duration::from_secs(60);
/// For one mail. RFC 5321 §4.5.3.2 would have ten minutes for its end alone, as filters look at it then. Who gives up sooner sends it
/// again to a relay that has it; who waits longer holds a place that others wait for.
const MAIL_WITHIN: Duration = Duration::from_secs(120);
/// For a relay that is asked whether it is still there.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// After so long it is asked.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// After so long a connection is not used again. A relay may end it after five minutes (RFC 5321 §4.5.3.2.7), and many do sooner.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// The relay. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    url: Arc<RelayUrl>,
    /// The one used last is the last here. There are never more than attempts under way at once.
    idle: Arc<Mutex<Vec<Idle>>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// Why a mail was not taken. The relay's words are not in it: they may repeat an address.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the relay did not answer in time")]
    TimedOut,
    #[error("the relay is not reached")]
    NotReached(#[source] io::Error),
    /// It spoke, and not of this mail.
    #[error("the relay lets us not in")]
    NotLetIn(#[source] SmtpError),
    #[error("the relay refused the mail, or the conversation broke")]
    Mail(#[source] SmtpError),
}

impl Relay {
    pub fn new(url: RelayUrl) -> Relay {
        Relay { url: Arc::new(url), idle: Arc::default() }
    }

    /// Hands a mail over, on a connection that is kept or on a new one.
    ///
    /// # Errors
    /// Where the relay is not reached or refuses. It may have the mail even so, where the answer to its end is what was lost.
    pub async fn hand_over(&self, envelope: &Envelope, mail: &[u8]) -> Result<Response, Fault> {
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => connect(&self.url).await?,
        };
        let response = within(MAIL_WITHIN, connection.send(envelope, mail)).await?.map_err(Fault::Mail)?;
        self.keep(connection);
        Ok(response)
    }

    /// A connection that still stands. Those that have ended are dropped on the way.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut connection, since } = self.idle().pop()?;
            // A relay that has something to say unasked says farewell, or has ended the connection.
            let stands = connection.read_response().now_or_never().is_none()
                && match since.elapsed() {
                    rest if rest < ASK_AFTER => true,
                    rest if rest < IDLE_MAX => {
                        within(ANSWER_WITHIN, connection.test_connected()).await.unwrap_or(false)
                    }
                    _ => false,
                };
            if stands {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection, and lets those go that nobody has needed.
    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.elapsed() < IDLE_MAX);
        idle.push(Idle { connection, since: Instant::now() });
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn within<T>(limit: Duration, step: impl Future<Output = T>) -> Result<T, Fault> {
    timeout(limit, step).await.map_err(|_| Fault::TimedOut)
}

async fn connect(url: &RelayUrl) -> Result<AsyncSmtpConnection, Fault> {
    if url.tls == Tls::FromTheStart {
        return within(LOGIN_WITHIN, tls_from_the_start(url)).await?.map_err(Fault::NotLetIn);
    }
    let socket = socket((url.host.as_str(), url.port)).await?;
    within(LOGIN_WITHIN, log_in(url, socket)).await?.map_err(Fault::NotLetIn)
}

/// The first address that answers.
async fn socket(place: (&str, u16)) -> Result<TcpStream, Fault> {
    let addresses = within(SOCKET_WITHIN, lookup_host(place)).await?.map_err(Fault::NotReached)?;
    let mut last = Fault::NotReached(io::ErrorKind::AddrNotAvailable.into());
    for address in addresses {
        match within(SOCKET_WITHIN, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => {
                socket.set_nodelay(true).map_err(Fault::NotReached)?;
                return Ok(socket);
            }
            Ok(Err(error)) => last = Fault::NotReached(error),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

async fn log_in(url: &RelayUrl, socket: TcpStream) -> Result<AsyncSmtpConnection, SmtpError> {
    let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(socket), &url.hello).await?;
    if url.tls == Tls::Required || (url.tls == Tls::WherePossible && connection.can_starttls()) {
        connection.starttls(TlsParameters::new(url.host.clone())?, &url.hello).await?;
    }
    authenticate(url, &mut connection).await?;
    Ok(connection)
}

/// lettre makes this socket, and leaves it to Nagle's algorithm.
async fn tls_from_the_start(url: &RelayUrl) -> Result<AsyncSmtpConnection, SmtpError> {
    let (place, tls) = ((url.host.as_str(), url.port), TlsParameters::new(url.host.clone())?);
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(place, Some(SOCKET_WITHIN), &url.hello, Some(tls), None).await?;
    authenticate(url, &mut connection).await?;
    Ok(connection)
}

async fn authenticate(url: &RelayUrl, connection: &mut AsyncSmtpConnection) -> Result<(), SmtpError> {
    if let Some(credentials) = &url.credentials {
        connection.auth(DEFAULT_MECHANISMS, credentials).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_end_of_a_mail_waits_for_no_acknowledgement_of_the_mail() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port can be had");
        let port = listener.local_addr().expect("its address").port();
        let socket = socket(("127.0.0.1", port)).await.expect("connected");
        assert!(socket.nodelay().expect("an option of each socket"));
    }
}
