//! A request, and the answer it must get.

use super::channels::{Channel, Sent};
use super::wire::Answer;
use serde_json::Value;

/// One request.
pub struct Case {
    pub name: String,
    pub channel: &'static str,
    /// All bytes that are sent.
    pub request: Vec<u8>,
    /// The body as the door should have read it.
    pub body: Vec<u8>,
    /// What of it must lie in the log, where that is not the body itself.
    parts: Option<Vec<Vec<u8>>>,
    /// It has a connection of its own.
    pub alone: bool,
    /// Nothing comes behind it: the server hears so at once, and need not wait for the rest.
    pub ends: bool,
    expected: Expected,
}

/// What must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// As the channel wants to hear it, and it lies in the log.
    Taken,
    /// Answered in the same way, and nothing of it is kept.
    Heard,
    /// 400, and it lies in the log all the same.
    Kept { slug: &'static str, field: String },
    /// The first of these, and not in the log.
    Refused { status: u16, slug: &'static str, field: String },
    /// No request at all in HTTP's eyes: a bare 4xx, or the connection's end.
    Dropped,
}

/// A request's headers.
pub type Headers = Vec<(String, Vec<u8>)>;

pub fn kept(slug: &'static str, field: impl Into<String>) -> Expected {
    Expected::Kept { slug, field: field.into() }
}

pub fn refused(status: u16, slug: &'static str, field: impl Into<String>) -> Expected {
    Expected::Refused { status, slug, field: field.into() }
}

impl Case {
    /// A good request around this body, signed for `acme`.
    pub fn signed(channel: &Channel, name: impl Into<String>, body: &[u8], expected: Expected) -> Case {
        Case::with(channel, name, channel.signed(super::SECRET, body), body, expected)
    }

    /// A POST to `acme` with these headers.
    pub fn with(channel: &Channel, name: impl Into<String>, headers: Headers, body: &[u8], expected: Expected) -> Case {
        let path = format!("/webhooks/{}/acme", channel.name);
        Case::at(channel, name, "POST", path.as_bytes(), headers, body, expected)
    }

    pub fn at(
        channel: &Channel,
        name: impl Into<String>,
        method: &str,
        path: &[u8],
        headers: Headers,
        body: &[u8],
        expected: Expected,
    ) -> Case {
        let Sent { wire, body, expected, is_too_large } = channel.sent(body, expected);
        let case = Case::raw(channel, name, request(method, path, headers, &wire), &body, expected);
        if is_too_large { case } else { case.keeping() }
    }

    /// These bytes to one of the channel's shops; the log must have `body` of them, if anything.
    pub fn unchanged(
        channel: &Channel,
        shop: &str,
        name: impl Into<String>,
        wire: &[u8],
        body: &[u8],
        expected: Expected,
    ) -> Case {
        let path = format!("/webhooks/{}/{shop}", channel.name);
        Case::raw(channel, name, request("POST", path.as_bytes(), Headers::new(), wire), body, expected).keeping()
    }

    /// Bytes of the case's own.
    pub fn raw(channel: &Channel, name: impl Into<String>, request: Vec<u8>, body: &[u8], expected: Expected) -> Case {
        let name = format!("{}: {}", channel.name, name.into());
        Case {
            name,
            channel: channel.name,
            request,
            body: body.to_vec(),
            parts: None,
            alone: true,
            ends: false,
            expected,
        }
    }

    fn keeping(mut self) -> Case {
        self.alone = false;
        self
    }

    /// On a connection of its own.
    #[must_use]
    pub fn alone(mut self) -> Case {
        self.alone = true;
        self
    }

    /// Its body is taken apart into these.
    #[must_use]
    pub fn of_parts(mut self, parts: Vec<Vec<u8>>) -> Case {
        self.parts = Some(parts);
        self
    }

    /// Nothing comes behind it.
    #[must_use]
    pub fn ending(mut self) -> Case {
        self.ends = true;
        self
    }

    /// Unsigned: 401 says that the shop is known.
    pub fn knock(channel: &'static str) -> Case {
        let request = head("POST", format!("/webhooks/{channel}/other").as_bytes(), &Headers::new());
        let (name, expected) = ("a knock".to_owned(), Expected::Dropped);
        Case { name, channel, request, body: Vec::new(), parts: None, alone: true, ends: false, expected }
    }

    /// The bodies that the log must have of it, once for each time it was sent.
    pub fn deliveries(&self) -> impl Iterator<Item = &[u8]> {
        let whole = self.parts.is_none().then_some(self.body.as_slice());
        whole.into_iter().chain(self.parts.iter().flatten().map(Vec::as_slice))
    }

    pub fn is_in_log(&self) -> bool {
        matches!(self.expected, Expected::Taken | Expected::Kept { .. })
    }

    /// Whether the answer is the one.
    pub fn judge(&self, answer: &Answer) -> Result<(), String> {
        let told = || {
            let text: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
            format!("{:?}, but {} {text}", self.expected, answer.status)
        };
        let good = match &self.expected {
            Expected::Taken | Expected::Heard => (200..300).contains(&answer.status),
            Expected::Kept { slug, field } => answer.status == 400 && is_problem(answer, slug, field, true),
            Expected::Refused { status, slug, field } => {
                // HEAD has no body to look into.
                let bare = self.request.starts_with(b"HEAD ");
                answer.status == *status && (bare || is_problem(answer, slug, field, false))
            }
            Expected::Dropped => answer.status == 0 || (400..500).contains(&answer.status),
        };
        if good { Ok(()) } else { Err(told()) }
    }
}

fn request(method: &str, path: &[u8], mut headers: Headers, body: &[u8]) -> Vec<u8> {
    headers.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    [&head(method, path, &headers), body].concat()
}

/// Request line and headers, with the empty line behind them.
pub fn head(method: &str, path: &[u8], headers: &Headers) -> Vec<u8> {
    let mut bytes = [method.as_bytes(), b" ", path, b" HTTP/1.1\r\nhost: weir\r\n"].concat();
    for (name, value) in headers {
        bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn is_problem(answer: &Answer, slug: &str, field: &str, kept: bool) -> bool {
    let Ok(problem) = serde_json::from_slice::<Value>(&answer.body) else { return false };
    let named = match field {
        "" => problem.get("errors").is_none(),
        field => problem["errors"].as_array().is_some_and(|errors| errors.len() == 1 && errors[0]["field"] == field),
    };
    answer.kind == "application/problem+json" && problem["code"] == slug && named && (problem["kept"] == "true") == kept
}
