//! What is not named of a known API stays; what would not work, or would tell the credential to others, is refused.

use super::*;
use clap::Parser as _;
use weir_privacy::TenantKey;
use weir_proto::privacy::v1::Sealed;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    api: NamedApi,
}

/// As a person types it.
fn typed(arguments: &[&str]) -> NamedApi {
    parsed(arguments).unwrap_or_else(|error| panic!("{error}"))
}

fn parsed(arguments: &[&str]) -> Result<NamedApi, clap::Error> {
    Line::try_parse_from([&["add"], arguments].concat()).map(|line| line.api)
}

fn key() -> TenantKey {
    TenantKey::new([7; 32])
}

fn at() -> Address {
    Address { tenant: "demo".to_owned(), channel: "shopify".to_owned(), shop: "acme".to_owned(), key: Some(key()) }
}

fn sealed(credential: &str) -> Sealed {
    key().seal_bytes("api/shopify/acme", credential.as_bytes())
}

/// An API of which nothing is as a new one has it.
fn known() -> Api {
    Api {
        url: "https://acme.example".to_owned(),
        credential: Some(sealed("shpat_old")),
        pull_every_ms: 60_000,
        requests_per_second: 5,
    }
}

#[test]
fn nothing_named_changes_nothing_and_wants_no_key() {
    let keyless = Address { key: None, channel: "generic".to_owned(), ..at() };
    for before in [None, Some(known())] {
        assert_eq!(typed(&[]).applied(&keyless, before.clone()).expect("as it is"), before);
    }
}

#[test]
fn a_new_api_has_an_address_and_a_credential() {
    let named = typed(&["--api", "https://Acme.example/", "--api-credential", "key:secret"]);
    let api = named.applied(&at(), None).expect("good").expect("an API");
    assert_eq!(
        api,
        Api { url: "https://acme.example".to_owned(), credential: Some(sealed("key:secret")), ..Api::default() }
    );
    assert_eq!((pull_every_ms(&api), rate(&api)), (300_000, 2), "as ingest takes it");
    let fault = typed(&["--api", "https://acme.example"]).applied(&at(), None).expect_err("no credential");
    assert!(fault.to_string().contains("--api of shopify/acme needs --api-credential"), "{fault}");
    for alone in [["--api-credential", "x"], ["--pull-every", "1m"], ["--api-rate", "3"]] {
        let fault = typed(&alone).applied(&at(), None).expect_err("no address");
        assert!(fault.to_string().contains("shopify/acme has no API yet: name its address by --api"), "{fault}");
    }
    let keyless = Address { key: None, ..at() };
    assert!(named.applied(&keyless, None).expect_err("no key").to_string().contains("WEIR_TENANT_KEY"));
}

#[test]
fn each_thing_named_changes_and_no_other() {
    let moved = "http://127.0.0.1:8080/shop";
    let changes = [
        (typed(&["--api", moved]), Api { url: moved.to_owned(), ..known() }),
        (typed(&["--api-credential", "shpat_new"]), Api { credential: Some(sealed("shpat_new")), ..known() }),
        (typed(&["--pull-every", "5s"]), Api { pull_every_ms: 5_000, ..known() }),
        (typed(&["--api-rate", "100"]), Api { requests_per_second: 100, ..known() }),
    ];
    for (named, wanted) in changes {
        assert_eq!(named.applied(&at(), Some(known())).expect("changed"), Some(wanted), "{named:?}");
    }
}

#[test]
fn it_is_taken_away_by_its_own_word_alone() {
    let away = typed(&["--no-api"]);
    assert_eq!(away.applied(&at(), Some(known())).expect("away"), None);
    assert_eq!(away.applied(&at(), None).expect("away already"), None);
    for beside in
        [["--api", "https://a.example"], ["--pull-every", "1m"], ["--api-rate", "3"], ["--api-credential", "x"]]
    {
        assert!(parsed(&[&["--no-api"], &beside[..]].concat()).is_err(), "{beside:?}");
    }
}

#[test]
fn a_channel_that_lists_nothing_has_no_api() {
    let generic = Address { channel: "generic".to_owned(), ..at() };
    let named = typed(&["--api", "https://acme.example", "--api-credential", "x"]);
    let fault = named.applied(&generic, None).expect_err("there is none");
    assert!(fault.to_string().contains("generic can't be asked for orders"), "{fault}");
}

#[test]
fn an_address_is_one_that_the_adapters_paths_can_be_put_behind() {
    for (text, stored) in [
        ("https://acme.example/", "https://acme.example"),
        ("https://acme.example:8443/wp//", "https://acme.example:8443/wp"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://127.0.0.2", "http://127.0.0.2"),
        ("http://[::1]:9000/", "http://[::1]:9000"),
    ] {
        assert_eq!(address(text).as_deref(), Ok(stored));
    }
    for (text, why) in [
        ("", "no address"),
        ("acme.example", "no address"),
        ("https://", "no address"),
        ("ftp://acme.example", "ftp: is no way"),
        ("https://acme.example?a=b", "a query"),
        ("https://acme.example#a", "a fragment"),
        ("https://ann:hush@acme.example", "goes into --api-credential"),
        ("http://acme.example", "in clear"),
        ("http://localhost.acme.example", "in clear"),
        ("http://10.0.0.1", "in clear"),
    ] {
        let fault = address(text).expect_err(text);
        assert!(fault.contains(why) && !fault.contains("hush"), "{text}: {fault}");
    }
}

#[test]
fn a_credential_is_never_shown_not_even_where_it_is_wrong() {
    for wrong in ["", " hush", "hush\n", "hu\u{e9}sh", "hu\tsh"] {
        let named = typed(&["--api", "https://acme.example", "--api-credential", wrong]);
        let fault = named.applied(&at(), None).expect_err("no header takes it").to_string();
        assert!(fault.contains("--api-credential of shopify/acme: it ") && !fault.contains("hu"), "{fault}");
    }
}

#[test]
fn pulls_and_rates_have_bounds() {
    for good in [["--pull-every", "5s"], ["--pull-every", "1d"], ["--api-rate", "1"], ["--api-rate", "100"]] {
        assert!(parsed(&good).is_ok(), "{good:?}");
    }
    for wrong in [["--pull-every", "4s"], ["--pull-every", "25h"], ["--api-rate", "0"], ["--api-rate", "101"]] {
        assert!(parsed(&wrong).is_err(), "{wrong:?}");
    }
}
