//! `weir shop add` and `weir sku add`: what is not named of what is there stays, and a person is told what changed.

use crate::corner::{Corner, Ended, Environment, run};
use crate::house::KEY;
use prost::Message as _;
use weir_privacy::TenantKey;
use weir_proto::order::v1::PaymentTerms;
use weir_proto::reference::v1::reference_event::Entity;
use weir_proto::reference::v1::{Endpoint, SecretList, Shop, SkuMapping};
use weir_proto::reference::v1::{ReferenceEvent, Sku};
use weir_proto::topics::Topic;

struct Desk {
    corner: Corner,
    environment: Environment,
}

impl Desk {
    fn new() -> Desk {
        let corner = Corner::new();
        let mut environment = corner.environment();
        environment.push(("WEIR_TENANT_KEY", KEY.to_owned()));
        Desk { corner, environment }
    }

    fn add(&self, arguments: &[&str]) -> Ended {
        run(&self.environment, &[&["shop", "add", "generic", "acme"], arguments].concat())
    }

    /// The newest entry of a key, and its version.
    fn newest(&self, key: &str) -> (u32, Entity) {
        let records = self.corner.read(Topic::Reference);
        let newest = records.iter().rfind(|record| record.key == key).unwrap_or_else(|| panic!("{key} is not there"));
        let event: ReferenceEvent = newest.decode().expect("an event");
        (event.version, event.entity.expect("an entity"))
    }

    fn shop(&self) -> (u32, Shop) {
        match self.newest("demo/shop/generic/acme") {
            (version, Entity::Shop(shop)) => (version, shop),
            other => panic!("{other:?} is no shop"),
        }
    }

    fn endpoint(&self) -> Endpoint {
        match self.newest("demo/endpoint/generic/acme").1 {
            Entity::Endpoint(endpoint) => endpoint,
            other => panic!("{other:?} is no endpoint"),
        }
    }
}

fn secrets(shop: &Shop) -> Vec<String> {
    let sealed = shop.secrets.as_ref().expect("secrets");
    let clear = TenantKey::new([7; 32]).open_bytes("generic/acme", sealed).expect("sealed under the key");
    let list = SecretList::decode(clear.as_slice()).expect("a list");
    list.secrets.into_iter().map(|secret| String::from_utf8(secret).expect("text")).collect()
}

#[test]
fn rotating_a_secret_keeps_everything_else() {
    let desk = Desk::new();
    assert_eq!(desk.add(&["--secret", "old-secret"]).well(), "demo/shop/generic/acme new\n");
    let (_, new) = desk.shop();
    assert_eq!((new.terms(), new.pool.as_str(), new.pay_within_ms), (PaymentTerms::Prepaid, "main", 1_800_000));

    let all =
        ["--terms", "account", "--pool", "east", "--currency", "CNY", "--pay-within", "2h", "--urgent", "--budget"];
    let told = desk.add(&[&all[..], &["20", "--tolerance", "10m", "--map", "TEA-BOX=TEA"]].concat());
    assert!(told.complained.contains("no SKU TEA is registered"), "{told:?}");
    assert_eq!(
        told.well(),
        "demo/shop/generic/acme changed: terms prepaid -> account, pool main -> east, currency EUR -> CNY, pay within \
         1800 s -> 7200 s, urgent false -> true, budget 0 -> 20, tolerance 0 s -> 600 s, TEA-BOX mapped to TEA\n"
    );
    let (version, before) = desk.shop();
    assert_eq!((version, secrets(&before)), (2, vec!["old-secret".to_owned()]));
    let mapping = SkuMapping { platform_sku: "TEA-BOX".to_owned(), sku: "TEA".to_owned() };
    assert_eq!((&before.sku_mappings, before.urgent), (&vec![mapping], true));

    assert_eq!(desk.add(&["--add-secret", "new-secret"]).well(), "demo/shop/generic/acme changed: secrets\n");
    let (_, both) = desk.shop();
    assert_eq!(secrets(&both), ["old-secret", "new-secret"]);
    assert_eq!(Shop { secrets: before.secrets.clone(), ..both }, before);
    assert_eq!(desk.add(&["--secret", "new-secret"]).well(), "demo/shop/generic/acme changed: secrets\n");
    let (version, alone) = desk.shop();
    assert_eq!(secrets(&alone), ["new-secret"]);
    assert_eq!(Shop { secrets: before.secrets.clone(), ..alone }, before);

    assert_eq!(desk.add(&["--secret", "new-secret"]).well(), "demo/shop/generic/acme unchanged\n");
    assert_eq!(desk.add(&[]).well(), "demo/shop/generic/acme unchanged\n");
    assert_eq!(desk.shop().0, version, "nothing is published that changes nothing");
}

#[test]
fn mappings_come_change_and_go() {
    let desk = Desk::new();
    run(&desk.environment, &["sku", "add", "TEA", "--title", "Green tea", "--weight-grams", "260"]).well();
    run(&desk.environment, &["sku", "add", "SOAP"]).well();
    let told = desk.add(&["--secret", "hush-hush", "--map", "BOX=TEA", "--map", "BAR=SOAP"]);
    assert_eq!((told.complained.as_str(), told.code), ("", Some(0)), "both are registered: {told:?}");
    let told = desk.add(&["--map", "BOX=SOAP", "--unmap", "BAR", "--json"]).well();
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let key = "demo/shop/generic/acme";
    let changed = ["BAR mapped no longer", "BOX mapped TEA -> SOAP"];
    let entries = serde_json::json!([{ "key": key, "state": "changed", "changed": changed }]);
    assert_eq!(told, serde_json::json!({ "keys": [key], "written": 1, "unchanged": 0, "entries": entries }));
    let (version, shop) = desk.shop();
    assert_eq!(shop.sku_mappings, [SkuMapping { platform_sku: "BOX".to_owned(), sku: "SOAP".to_owned() }]);

    let faults: [(&[&str], i32, &str); 6] = [
        (&["--unmap", "BAR"], 64, "\"BAR\" is mapped to nothing at generic/acme"),
        (&["--map", "BOX=TEA", "--map", "BOX=SOAP"], 64, "\"BOX\" is named by more than one --map or --unmap"),
        (&["--map", "BOX=TEA", "--unmap", "BOX"], 64, "\"BOX\" is named by more than one"),
        (&["--map", "BOX"], 2, "\"BOX\" has no \"=\""),
        (&["--map", "=TEA"], 2, "\"=TEA\" names no SKU of the platform"),
        (&["--map", "BOX="], 2, "\"BOX=\" names no SKU of ours"),
    ];
    for (arguments, code, sentence) in faults {
        let complained = desk.add(arguments).badly(code);
        assert!(complained.contains(sentence), "{arguments:?}: {complained}");
    }
    assert_eq!(desk.shop().0, version);

    // A SKU keeps what is not named as well.
    run(&desk.environment, &["sku", "add", "TEA", "--weight-grams", "280"]).well();
    let Entity::Sku(Sku { title, weight_grams, .. }) = desk.newest("demo/sku/TEA").1 else { panic!("no SKU") };
    assert_eq!((title.as_str(), weight_grams), ("Green tea", 280));
}

#[test]
fn an_endpoint_keeps_what_is_not_named_and_never_sends_unsigned() {
    let desk = Desk::new();
    let complained = desk.add(&["--secret", "hush-hush", "--webhook-url", "https://acme.example/hook"]).badly(64);
    assert!(complained.contains("--webhook-url needs --webhook-secret"), "{complained}");
    assert_eq!(desk.corner.read(Topic::Reference).len(), 0, "the shop is not half there");
    let hook = ["--webhook-url", "https://acme.example/hook", "--webhook-secret", "whsec_aGk="];
    let told = desk.add(&[&["--secret", "hush-hush"], &hook[..]].concat()).well();
    assert_eq!(told, "demo/shop/generic/acme new\ndemo/endpoint/generic/acme new\n");
    let before = desk.endpoint();
    let told = desk.add(&["--review-email", "desk@acme.example"]).well();
    let changed = "demo/endpoint/generic/acme changed: review e-mail none -> desk@acme.example";
    assert_eq!(told, format!("demo/shop/generic/acme unchanged\n{changed}\n"));
    assert_eq!(desk.endpoint(), Endpoint { review_email: "desk@acme.example".to_owned(), ..before });
}

/// A shop whose platform is asked: its credential is sealed under a name of its own, and nobody is shown it.
#[test]
fn an_api_comes_changes_and_goes() {
    let desk = Desk::new();
    let add = |arguments: &[&str]| run(&desk.environment, &[&["shop", "add", "shopify", "acme"], arguments].concat());
    let api = || match desk.newest("demo/shop/shopify/acme").1 {
        Entity::Shop(shop) => shop.api,
        other => panic!("{other:?} is no shop"),
    };
    let new = ["--secret", "hush-hush", "--api", "https://acme.example/", "--api-credential", "shpat_1"];
    assert_eq!(add(&new).well(), "demo/shop/shopify/acme new\n");
    let first = api().expect("an API");
    let clear = TenantKey::new([7; 32]).open_bytes("api/shopify/acme", first.credential.as_ref().expect("sealed"));
    assert_eq!((first.url.as_str(), clear.as_deref()), ("https://acme.example", Ok(&b"shpat_1"[..])));

    let told = add(&["--pull-every", "1m", "--api-rate", "5", "--api-credential", "shpat_2"]).well();
    let changed = "api credential, pull every 300 s -> 60 s, api rate 2 -> 5";
    assert_eq!(told, format!("demo/shop/shopify/acme changed: {changed}\n"));
    assert_eq!(add(&["--pool", "main"]).well(), "demo/shop/shopify/acme unchanged\n");
    let complained = add(&["--api", "http://acme.example"]).badly(64);
    assert!(complained.contains("the credential would travel in clear"), "{complained}");
    assert_eq!(add(&["--no-api"]).well(), "demo/shop/shopify/acme changed: api https://acme.example -> none\n");
    assert_eq!(api(), None);
    let complained = desk.add(&["--secret", "hush-hush", "--api", "https://acme.example"]).badly(64);
    assert!(complained.contains("generic can't be asked for orders"), "{complained}");
}

#[test]
fn what_is_wrong_is_named() {
    let desk = Desk::new();
    let weir = |arguments: &[&str]| run(&desk.environment, arguments);
    let complained = desk.add(&[]).badly(64);
    assert!(complained.contains("generic/acme is no shop yet: a new one needs --secret"), "{complained}");
    for (arguments, sentence) in [
        (["shop", "add", "amazon", "acme"], "\"amazon\" is no channel; it should be one of"),
        (["shop", "add", "generic", "a/b"], "\"a/b\" is no shop's name"),
    ] {
        let complained = weir(&arguments).badly(64);
        assert!(complained.contains(sentence), "{arguments:?}: {complained}");
    }
    for arguments in [
        &["--secret", ""][..],
        &["--secret", "1234567"],
        &["--terms", "barter"],
        &["--pay-within", "30"],
        &["--budget", "-1"],
        &["--secret", "one-secret", "--add-secret", "another-one"],
        &["--urgently"],
    ] {
        desk.add(arguments).badly(2);
    }
    weir(&["shop", "add", "generic"]).badly(2);
    let keyless =
        run(&desk.corner.environment(), &["shop", "add", "generic", "acme", "--secret", "hush-hush"]).badly(64);
    assert!(keyless.contains("WEIR_TENANT_KEY is not set"), "{keyless}");
    let nowhere = run(&Environment::new(), &["shop", "add", "generic", "acme", "--secret", "hush-hush"]).badly(64);
    assert!(nowhere.contains("WEIR_BROKERS"), "{nowhere}");
    assert_eq!(desk.corner.read(Topic::Reference).len(), 0);
}
