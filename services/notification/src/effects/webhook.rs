//! One attempt at a shop's endpoint: Standard Webhooks 1.0.0, signed, with the same id over all attempts.

use super::address::{Policy, Refused};
use super::job::Verdict;
use super::retry_after;
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use reqwest::redirect;
use reqwest::{Client, Response, StatusCode};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_channels::standard_webhooks as standard;

/// From the connection to the end of the answer.
const TIME_OUT: Duration = Duration::from_secs(15);

/// More of an answer is not read; what it says is not kept either.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// The client of all endpoints.
#[derive(Clone)]
pub struct Webhooks {
    client: Client,
    policy: Policy,
}

/// One delivery.
pub struct Delivery<'a> {
    pub url: &'a str,
    /// "whsec_…", or the bytes themselves.
    pub secret: &'a [u8],
    pub id: &'a str,
    pub body: Vec<u8>,
    pub traceparent: Option<&'a str>,
}

impl Webhooks {
    /// No redirects, since a redirect to an address skips the resolver; no proxy, since it would resolve by itself.
    ///
    /// # Errors
    /// Where TLS can't be set up.
    pub fn new(policy: Policy) -> Result<Webhooks, reqwest::Error> {
        let client = Client::builder()
            .dns_resolver(Arc::new(policy))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIME_OUT)
            .connect_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(16)
            .tcp_nodelay(true)
            .build()?;
        Ok(Webhooks { client, policy })
    }

    /// Makes one attempt.
    pub async fn deliver(&self, delivery: Delivery<'_>) -> Verdict {
        let url = match self.policy.check_url(delivery.url) {
            Ok(url) => url,
            Err(refused) => return Verdict::unsendable(format!("address-refused: {refused}")),
        };
        let timestamp_s = seconds_now();
        let signature = standard::sign(delivery.secret, delivery.id, timestamp_s, &delivery.body);
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, "Weir")
            .header(standard::ID, delivery.id)
            .header(standard::TIMESTAMP, timestamp_s)
            .header(standard::SIGNATURE, signature);
        if let Some(traceparent) = delivery.traceparent {
            request = request.header("traceparent", traceparent);
        }
        match request.body(delivery.body).send().await {
            Ok(response) => judge(response).await,
            Err(error) => judge_error(&error),
        }
    }
}

async fn judge(response: Response) -> Verdict {
    let status = response.status();
    let answer = format!("HTTP {}", status.as_u16());
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|value| retry_after::read(value, SystemTime::now()));
    read_off(response).await;
    match status {
        _ if status.is_success() => Verdict::Sent { answer },
        StatusCode::GONE => Verdict::give_up(format!("gone: {answer}")),
        _ if status.is_redirection() => Verdict::retry(format!("redirect-refused: {answer}")),
        _ => Verdict::Retry { reason: format!("refused: {answer}"), after },
    }
}

/// A connection is kept only when its answer was read; one that says too much is dropped.
async fn read_off(mut response: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > ANSWER_BYTES_MAX {
            return;
        }
    }
}

fn judge_error(error: &reqwest::Error) -> Verdict {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return Verdict::unsendable(format!("address-refused: {refused}"));
        }
        cause = inner.source();
    }
    // The error's own text would tell the URL, which may hold a token.
    Verdict::retry(match error {
        _ if error.is_timeout() => "timed-out",
        _ if error.is_connect() => "not-reached",
        _ => "broken-off",
    })
}

fn seconds_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
