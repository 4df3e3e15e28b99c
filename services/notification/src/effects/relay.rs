//! Connections to the mail relay, kept from one mail to the next.
//!
//! lettre's own pool sends a mail's end as a packet of its own. Until the mail itself is acknowledged, Nagle's algorithm holds that
//! packet back, and a relay that delays acknowledgements lets each mail stand for 40 ms. So the socket is made here, with
//! `TCP_NODELAY`; lettre speaks SMTP on it.

use super::relay_url::{RelayUrl, Tls};
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::response::Response;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// For connecting, and then for one mail.
const TIME_OUT: Duration = Duration::from_secs(15);
/// After so long the relay is asked whether it is still there.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// After so long a relay may have ended the connection; RFC 5321 §4.5.3.2.7 wants five minutes of it.
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
    NotReached(#[source] std::io::Error),
    #[error("the relay refused, or the conversation broke")]
    Smtp(#[from] SmtpError),
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
            None => in_time(connect(&self.url)).await?,
        };
        let response = in_time(async { Ok(connection.send(envelope, mail).await?) }).await?;
        self.idle().push(Idle { connection, since: Instant::now() });
        Ok(response)
    }

    /// A connection that still stands. Those that have ended are dropped on the way.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut connection, since } = self.idle().pop()?;
            let stands = match since.elapsed() {
                age if age < ASK_AFTER => true,
                age if age < IDLE_MAX => {
                    in_time(async { Ok(connection.test_connected().await) }).await.unwrap_or(false)
                }
                _ => false,
            };
            if stands {
                return Some(connection);
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn in_time<T>(step: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    tokio::time::timeout(TIME_OUT, step).await.unwrap_or(Err(Fault::TimedOut))
}

async fn connect(url: &RelayUrl) -> Result<AsyncSmtpConnection, Fault> {
    let tls = || TlsParameters::new(url.host.clone());
    let place = (url.host.as_str(), url.port);
    let mut connection = if url.tls == Tls::FromTheStart {
        // lettre makes this socket, and leaves it to Nagle's algorithm.
        AsyncSmtpConnection::connect_tokio1(place, Some(TIME_OUT), &url.hello, Some(tls()?), None).await?
    } else {
        AsyncSmtpConnection::connect_with_transport(Box::new(socket(place).await?), &url.hello).await?
    };
    if url.tls == Tls::Required || (url.tls == Tls::WherePossible && connection.can_starttls()) {
        connection.starttls(tls()?, &url.hello).await?;
    }
    if let Some(credentials) = &url.credentials {
        connection.auth(DEFAULT_MECHANISMS, credentials).await?;
    }
    Ok(connection)
}

async fn socket(place: (&str, u16)) -> Result<TcpStream, Fault> {
    let socket = TcpStream::connect(place).await.map_err(Fault::NotReached)?;
    socket.set_nodelay(true).map_err(Fault::NotReached)?;
    Ok(socket)
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
