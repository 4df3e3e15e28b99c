//! Where the mail relay is, as an operator writes it.

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use std::str::Utf8Error;

/// `smtp://relay:25`, `smtp://user:password@relay?tls=required`, `smtps://user:password@relay`.
pub struct RelayUrl {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub credentials: Option<Credentials>,
    /// What we say we are: the URL's path, or `[127.0.0.1]`, as we don't know our name.
    pub hello: ClientId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    No,
    /// `STARTTLS` where the relay offers it. Whoever sits on the way can take the offer away.
    WherePossible,
    /// `STARTTLS`, or nothing is sent.
    Required,
    FromTheStart,
}

/// What is wrong with it. The URL itself holds a password, and is not repeated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    #[error("is no URL")]
    NoUrl,
    #[error("names no host")]
    NoHost,
    #[error("begins with neither smtp:// nor smtps://")]
    Scheme,
    #[error("has a `tls` that is neither `required` nor `opportunistic`")]
    Tls,
    #[error("has a user or a password that is no text")]
    Text,
}

impl From<Utf8Error> for Fault {
    fn from(_: Utf8Error) -> Fault {
        Fault::Text
    }
}

impl RelayUrl {
    /// # Errors
    /// Where it is none of those.
    pub fn parse(text: &str) -> Result<RelayUrl, Fault> {
        let url = Url::parse(text).map_err(|_| Fault::NoUrl)?;
        let wish = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let tls = match (url.scheme(), wish.as_deref()) {
            ("smtps", _) => Tls::FromTheStart,
            ("smtp", None) => Tls::No,
            ("smtp", Some("required")) => Tls::Required,
            ("smtp", Some("opportunistic")) => Tls::WherePossible,
            ("smtp", Some(_)) => return Err(Fault::Tls),
            _ => return Err(Fault::Scheme),
        };
        // RFC 8314 §7.3 for submissions, RFC 6409 §3.1 for submission.
        let usual = match tls {
            Tls::No => 25,
            Tls::WherePossible | Tls::Required => 587,
            Tls::FromTheStart => 465,
        };
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Fault::NoHost)?;
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decode(url.username())?, decode(password)?)),
            None => None,
        };
        // An IPv6 address stands in brackets in a URL, and without them everywhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(RelayUrl { host, port: url.port().unwrap_or(usual), tls, credentials, hello })
    }
}

fn decode(text: &str) -> Result<String, Utf8Error> {
    Ok(percent_decode_str(text).decode_utf8()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, u16, Tls), Fault> {
        RelayUrl::parse(text).map(|url| (url.host, url.port, url.tls))
    }

    #[test]
    fn each_way_has_its_port() {
        let relay = "relay".to_owned();
        assert_eq!(parsed("smtp://relay"), Ok((relay.clone(), 25, Tls::No)));
        assert_eq!(parsed("smtp://relay?tls=opportunistic"), Ok((relay.clone(), 587, Tls::WherePossible)));
        assert_eq!(parsed("smtp://relay?tls=required"), Ok((relay.clone(), 587, Tls::Required)));
        assert_eq!(parsed("smtps://relay"), Ok((relay.clone(), 465, Tls::FromTheStart)));
        assert_eq!(parsed("smtps://relay:2465"), Ok((relay, 2465, Tls::FromTheStart)));
        assert_eq!(parsed("smtp://[::1]:25"), Ok(("::1".to_owned(), 25, Tls::No)));
    }

    #[test]
    fn what_is_no_relay_is_told_by_its_fault() {
        assert_eq!(parsed("relay"), Err(Fault::NoUrl));
        assert_eq!(parsed("smtp:relay"), Err(Fault::NoHost));
        assert_eq!(parsed("http://relay"), Err(Fault::Scheme));
        assert_eq!(parsed("smtp://relay?tls=maybe"), Err(Fault::Tls));
        assert_eq!(parsed("smtp://user:%ff@relay"), Err(Fault::Text));
    }

    #[test]
    fn a_password_is_decoded_and_a_path_is_our_name() {
        let url = RelayUrl::parse("smtp://weir%40shop:p%2Fw@relay/mail.shop.example").expect("a relay");
        assert_eq!(url.credentials, Some(Credentials::new("weir@shop".to_owned(), "p/w".to_owned())));
        assert_eq!(url.hello, ClientId::Domain("mail.shop.example".to_owned()));
    }
}
