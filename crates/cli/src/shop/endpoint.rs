//! Where notices of a shop go, after what was named of it.

use super::Address;
use crate::installation::ConfigFault;
use crate::reference::seal_endpoint_secret;
use clap::builder::NonEmptyStringValueParser;
use weir_proto::reference::v1::Endpoint;

/// What is named of a shop's endpoint.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct NamedEndpoint {
    /// Where notices of its orders are posted (Standard Webhooks); "" for nowhere
    #[arg(long)]
    webhook_url: Option<String>,
    /// whsec_… under which they are signed
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    webhook_secret: Option<String>,
    /// Who hears of held orders; "" for nobody
    #[arg(long)]
    review_email: Option<String>,
}

impl NamedEndpoint {
    /// The endpoint with what is named changed; `None` where nothing is named.
    ///
    /// # Errors
    /// Where notices would go out unsigned, or a secret has nothing to sign.
    pub(super) fn applied(&self, at: &Address, before: Option<&Endpoint>) -> Result<Option<Endpoint>, ConfigFault> {
        let NamedEndpoint { webhook_url, webhook_secret, review_email } = self;
        if webhook_url.is_none() && webhook_secret.is_none() && review_email.is_none() {
            return Ok(None);
        }
        let new = || Endpoint { channel: at.channel.clone(), shop: at.shop.clone(), ..Endpoint::default() };
        let mut endpoint = before.cloned().unwrap_or_else(new);
        endpoint.url = webhook_url.clone().unwrap_or(endpoint.url);
        endpoint.review_email = review_email.clone().unwrap_or(endpoint.review_email);
        if let Some(secret) = webhook_secret {
            endpoint.secret = Some(seal_endpoint_secret(at.key()?, &at.channel, &at.shop, secret));
        }
        match (endpoint.url.is_empty(), webhook_secret) {
            (true, Some(_)) => Err(ConfigFault(format!("{} has no --webhook-url for --webhook-secret", at.id()))),
            (true, None) => Ok(Some(Endpoint { secret: None, ..endpoint })),
            (false, _) if endpoint.secret.is_none() => Err(ConfigFault(format!(
                "notices of {} would go out unsigned: --webhook-url needs --webhook-secret",
                at.id()
            ))),
            (false, _) => Ok(Some(endpoint)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_privacy::TenantKey;

    fn at() -> Address {
        Address {
            tenant: "demo".to_owned(),
            channel: "generic".to_owned(),
            shop: "acme".to_owned(),
            key: Some(TenantKey::new([7; 32])),
        }
    }

    fn named(url: Option<&str>, secret: Option<&str>, email: Option<&str>) -> NamedEndpoint {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        NamedEndpoint { webhook_url: owned(url), webhook_secret: owned(secret), review_email: owned(email) }
    }

    #[test]
    fn what_is_not_named_stays() {
        let first = named(Some("https://acme.example/hook"), Some("whsec_aGk="), None).applied(&at(), None);
        let first = first.ok().flatten().expect("an endpoint");
        let second = named(None, None, Some("desk@acme.example")).applied(&at(), Some(&first));
        let second = second.ok().flatten().expect("an endpoint");
        assert_eq!(second, Endpoint { review_email: "desk@acme.example".to_owned(), ..first });
        let moved = named(Some("https://acme.example/other"), None, None).applied(&at(), Some(&second));
        let moved = moved.ok().flatten().expect("an endpoint");
        assert_eq!(moved, Endpoint { url: "https://acme.example/other".to_owned(), ..second.clone() });
        let ended = named(Some(""), None, None).applied(&at(), Some(&second)).ok().flatten().expect("an endpoint");
        assert_eq!((ended.url.as_str(), ended.secret, ended.review_email.as_str()), ("", None, "desk@acme.example"));
        assert!(named(None, None, None).applied(&at(), Some(&second)).is_ok_and(|endpoint| endpoint.is_none()));
    }

    #[test]
    fn nothing_goes_out_unsigned() {
        let unsigned = named(Some("https://acme.example/hook"), None, None).applied(&at(), None);
        assert!(unsigned.expect_err("no secret").to_string().contains("needs --webhook-secret"));
        let idle = named(None, Some("whsec_aGk="), None).applied(&at(), None);
        assert!(idle.expect_err("no address").to_string().contains("no --webhook-url"));
    }
}
