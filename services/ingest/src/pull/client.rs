//! Requests to platforms: within each one's rate, patient with its spells, and bounded in what they read.

use crate::edge::now_ms;
use crate::wire::{Api, Registered};
use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use weir_channels::listing::{ANSWER_HEADERS, Access, Amiss, Answered, Ask, Listing, Page, PageAsked};
use weir_channels::{Fault, Headers};

/// For one request, from its first byte to the last of its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page that is larger is asked for with fewer orders next time.
const PAGE_BYTES_MAX: usize = 8 << 20;
/// Pages in memory at a time, whoever asks.
const PAGES: usize = 4;
/// Pauses before a request is made once more, where the platform is unwell or asks for patience.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Longer than this nobody waits at a platform's wish: the pull fails, and comes back later.
const WISH_MAX: Duration = Duration::from_secs(60);

/// Asks platforms. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// For each shop: when its next request may go out. Held by whoever waits for that.
    turns: Arc<Mutex<BTreeMap<String, Turn>>>,
    pages: Arc<Semaphore>,
}

type Turn = Arc<tokio::sync::Mutex<Instant>>;

/// Why a platform's orders could not be read, in words for whoever looks after the shop. None tells the address or the credential.
#[derive(Debug, thiserror::Error)]
pub enum PullFault {
    #[error(
        "the platform refuses the request with HTTP {0}: is the address or the credential wrong? `weir shop add … --api` names both"
    )]
    Refused(u16),
    #[error(
        "the credential can't be sent: it holds what no header may hold; `weir shop add … --api-credential` names another"
    )]
    Credential,
    #[error(
        "the platform refuses the request with {0:?}: is the credential wrong or too old? `weir shop add … --api-credential` names another"
    )]
    Denied(String),
    #[error("the platform is unwell: it answers HTTP {0}")]
    Unwell(u16),
    #[error("the platform is unwell: it says {0:?}")]
    Sick(String),
    #[error("the platform asks to be left alone for {} s", .0.as_secs())]
    Busy(Duration),
    #[error("the platform could not be asked: {0}")]
    NotReached(&'static str),
    #[error("the platform's page is larger than {PAGE_BYTES_MAX} bytes; the next one is asked for with fewer orders")]
    TooLarge,
    #[error("the platform's page can't be read: {0}")]
    Unreadable(Fault),
}

impl From<Amiss> for PullFault {
    fn from(amiss: Amiss) -> PullFault {
        match amiss {
            Amiss::Unreadable(fault) => PullFault::Unreadable(fault),
            Amiss::Refused(code) => PullFault::Denied(code),
            Amiss::Busy => PullFault::Busy(Duration::ZERO),
            Amiss::Unwell(code) => PullFault::Sick(code),
        }
    }
}

impl PullFault {
    /// How long the platform wants to be left alone; not longer than an hour, since a mistake must not end a shop's pulls.
    pub fn wished(&self) -> Duration {
        match self {
            PullFault::Busy(wished) => (*wished).min(Duration::from_secs(3_600)),
            _ => Duration::ZERO,
        }
    }
}

impl Client {
    /// No redirects: the credential goes nowhere else than where the operator said.
    ///
    /// # Errors
    /// Where TLS can't be set up.
    pub fn new() -> Result<Client, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            .user_agent("Weir")
            .build()?;
        Ok(Client { http, turns: Arc::default(), pages: Arc::new(Semaphore::new(PAGES)) })
    }

    /// Asks for a page, again where the platform is unwell.
    ///
    /// # Errors
    /// See [`PullFault`].
    pub async fn page(
        &self,
        shop: &Registered,
        api: &Api,
        listing: &dyn Listing,
        asked: &PageAsked,
    ) -> Result<Page, PullFault> {
        let mut pauses = PAUSES.iter();
        loop {
            let fault = match self.attempt(shop, api, listing, asked).await {
                Ok(page) => return Ok(page),
                Err(fault) => fault,
            };
            let wished = match fault {
                PullFault::Busy(wished) if wished <= WISH_MAX => wished,
                PullFault::Unwell(_) | PullFault::Sick(_) | PullFault::NotReached(_) => Duration::ZERO,
                // A page that was cut off reads as one that is no JSON.
                PullFault::Unreadable(_) => Duration::ZERO,
                fault => return Err(fault),
            };
            match pauses.next() {
                Some(pause) => tokio::time::sleep(wished.max(*pause)).await,
                None => return Err(fault),
            }
        }
    }

    async fn attempt(
        &self,
        shop: &Registered,
        api: &Api,
        listing: &dyn Listing,
        asked: &PageAsked,
    ) -> Result<Page, PullFault> {
        let turn = self.turn(shop);
        wait(&turn, api).await;
        let asked_ms = now_ms();
        let Ask { path, headers, body } = listing.ask(asked, &Access { credential: &api.credential, now_ms: asked_ms });
        let url = format!("{}{path}", api.url);
        let mut request = match body {
            None => self.http.get(url),
            Some(json) => self.http.post(url).header(CONTENT_TYPE, "application/json").body(json),
        };
        for (name, value) in headers {
            let mut value = HeaderValue::try_from(value).map_err(|_| PullFault::Credential)?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| broken(&error))?;
        if let Err(fault) = judge(&response) {
            if let PullFault::Busy(wished) = fault {
                let mut next = turn.lock().await;
                *next = (*next).max(Instant::now() + wished.min(WISH_MAX));
            }
            return Err(fault);
        }
        // A header may come in several lines.
        let header = |name: &&str| {
            let lines: Vec<&str> =
                response.headers().get_all(*name).iter().filter_map(|value| value.to_str().ok()).collect();
            (!lines.is_empty()).then(|| ((*name).to_owned(), lines.join(", ")))
        };
        let headers = Headers(ANSWER_HEADERS.iter().filter_map(header).collect());
        // Once an answer has begun: a platform that says nothing takes nobody else's room.
        let _room = self.pages.acquire().await;
        let body = read(response).await?;
        Ok(listing.read(asked, &Answered { headers: &headers, body: &body, asked_ms })?)
    }

    fn turn(&self, shop: &Registered) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let first = || Arc::new(tokio::sync::Mutex::new(Instant::now()));
        turns.entry(format!("{}/{}", shop.channel, shop.shop)).or_insert_with(first).clone()
    }
}

/// Waits until a request may go out. Whoever gives up meanwhile has used up nothing.
async fn wait(turn: &Turn, api: &Api) {
    let mut next = turn.lock().await;
    tokio::time::sleep_until(*next).await;
    *next = Instant::now() + Duration::from_secs(1) / api.requests_per_second.max(1);
}

fn judge(response: &Response) -> Result<(), PullFault> {
    let status = response.status();
    let wished = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(seconds);
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => Err(PullFault::Busy(wished.unwrap_or_default())),
        StatusCode::SERVICE_UNAVAILABLE if wished.is_some() => Err(PullFault::Busy(wished.unwrap_or_default())),
        _ if status.is_server_error() => Err(PullFault::Unwell(status.as_u16())),
        _ => Err(PullFault::Refused(status.as_u16())),
    }
}

/// "2", or Shopify's "2.0". A date reads as no wish.
fn seconds(text: &str) -> Option<Duration> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole).trim();
    whole.parse().ok().map(Duration::from_secs)
}

async fn read(mut response: Response) -> Result<Vec<u8>, PullFault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > PAGE_BYTES_MAX {
            return Err(PullFault::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error's own text would tell the URL, which may hold a token.
fn broken(error: &reqwest::Error) -> PullFault {
    PullFault::NotReached(match error {
        _ if error.is_timeout() => "it did not answer in time",
        _ if error.is_connect() => "it can't be reached",
        _ => "the connection broke off",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_in_seconds() {
        assert_eq!(seconds("2.0"), Some(Duration::from_secs(2)));
        assert_eq!(seconds(" 30 "), Some(Duration::from_secs(30)));
        assert_eq!(seconds("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }

    #[tokio::test]
    async fn a_shop_is_asked_no_faster_than_it_admits() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::new().expect("a client");
        let api = Api { requests_per_second: 20, ..Api::default() };
        let shop = |name: &str| Registered { shop: name.to_owned(), ..Registered::default() };
        let turn = client.turn(&shop("a"));
        let start = Instant::now();
        for _ in 0..3 {
            wait(&turn, &api).await;
        }
        assert!(start.elapsed() >= Duration::from_millis(100), "the first at once, two more 50 ms apart");
        let given_up = tokio::time::timeout(Duration::from_millis(1), wait(&turn, &api)).await;
        assert!(given_up.is_err());
        let next = *turn.lock().await;
        assert!(next <= Instant::now() + Duration::from_millis(50), "who gave up has used up nothing");
        assert!(!Arc::ptr_eq(&turn, &client.turn(&shop("b"))), "each shop by itself");
    }
}
