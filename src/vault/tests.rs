use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::application::{SETTINGS_SECRETS, Settings};
use crate::destination::tests::PUBLIC;
use crate::event::{ABOUT_SECRETS, About, Received};
use crate::profile;
use crate::source::{self, Context, Source};
use crate::subscription::{DESTINATION_SECRETS, Destination, SUBSCRIPTION_SECRETS, Status, Subscription};

const SEALED: &str = "sealed";
const OLD: &str = "the old key of sixteen and more";
const NEW: &str = "the new key of sixteen and more";

fn same_bytes() -> [u8; 32] {
    [7; 32]
}

fn vault(keys: &str) -> Vault {
    Vault::new(keys, "operator", false, same_bytes)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Thing {
    name: String,
    #[serde(default)]
    secret: Option<Value>,
    #[serde(default)]
    inner: Option<Inner>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Inner {
    id: String,
    #[serde(default)]
    token: Option<String>,
}

const FIELDS: &[&str] = &["/secret", "/inner/token", "/never"];

fn thing() -> Thing {
    let inner = Inner { id: "in".into(), token: Some("t0ken".into()) };
    Thing { name: "open".into(), secret: Some(json!("hush")), inner: Some(inner), sealed: None }
}

fn code<T: std::fmt::Debug>(result: Result<T, Problem>) -> (u16, &'static str) {
    let problem = result.unwrap_err();
    (problem.status, problem.code)
}

#[test]
fn what_is_sealed_comes_back() {
    let vault = vault(NEW);
    let text = vault.write(&thing(), FIELDS, "sub_1").unwrap();
    assert!(!text.contains("hush") && !text.contains("t0ken") && text.contains("open") && text.contains("\"in\""));
    assert_eq!(vault.read::<Thing>(&text, "sub_1").unwrap(), thing());
    assert_eq!(vault.look::<Thing>(&text, "sub_1").unwrap(), thing());
    assert!(vault.check(thing().sealed.as_ref()).is_ok());
}

#[test]
fn a_row_of_before_is_read_as_it_is() {
    let text = serde_json::to_string(&thing()).unwrap();
    assert_eq!(vault(NEW).read::<Thing>(&text, "sub_1").unwrap(), thing());
    assert_eq!(vault("").look::<Thing>(&text, "anybody").unwrap(), thing());
}

#[test]
fn what_was_changed_or_put_elsewhere_does_not_open() {
    let vault = vault(NEW);
    let text = vault.write(&thing(), FIELDS, "sub_1").unwrap();
    assert_eq!(code(vault.read::<Thing>(&text, "sub_2")), (503, "secrets_unreadable"));
    let seen: Thing = vault.look(&text, "sub_2").unwrap();
    assert_eq!((seen.name.as_str(), &seen.secret), ("open", &None));
    assert_eq!(code(vault.check(seen.sealed.as_ref())), (503, "secrets_unreadable"));
    let value: Value = serde_json::from_str(&text).unwrap();
    let sealed = value[SEALED].as_str().unwrap().to_owned();
    for broken in ["", ".", "no", &sealed[..9], &sealed[..20], &sealed.replace('.', ".!"), &[&sealed, "A"].concat()] {
        let mut other = value.clone();
        other[SEALED] = json!(broken);
        assert_eq!(vault.read::<Thing>(&other.to_string(), "sub_1").unwrap_err().status, 503, "{broken}");
    }
}

#[test]
fn the_first_key_seals_and_all_open() {
    let sealed_by = |vault: &Vault| vault.write(&thing(), FIELDS, "a").unwrap();
    let (old, new) = (vault(OLD), vault(NEW));
    let (both, turned) = (vault(&format!("{OLD}, {NEW}")), vault(&format!("{NEW},{OLD},")));
    for text in [sealed_by(&old), sealed_by(&both)] {
        assert!(text.contains(old.ids().next().unwrap()));
        for opens in [&old, &both, &turned] {
            assert_eq!(opens.read::<Thing>(&text, "a").unwrap(), thing());
        }
        assert_eq!(code(new.read::<Thing>(&text, "a")), (503, "encryption_key_missing"));
        let detail = new.read::<Thing>(&text, "a").unwrap_err().detail;
        assert!(detail.contains(old.ids().next().unwrap()) && !detail.contains(OLD), "{detail}");
    }
    assert!(sealed_by(&turned).contains(new.ids().next().unwrap()));
    assert_eq!(turned.ids().collect::<Vec<_>>().len(), 3, "both, and the operator's");
}

#[test]
fn without_a_key_the_operators_seals_and_goes_on_opening() {
    let before = vault("");
    assert!(!before.is_set() && vault(NEW).is_set());
    let text = before.write(&thing(), FIELDS, "a").unwrap();
    assert_eq!(vault(NEW).read::<Thing>(&text, "a").unwrap(), thing());
    let other = Vault::new("", "another operator", false, same_bytes);
    assert_eq!(code(other.read::<Thing>(&text, "a")), (503, "encryption_key_missing"));
    // The same text is not the same key in both places.
    assert_ne!(Vault::new("", OLD, false, same_bytes).ids().next(), vault(OLD).ids().next());
    let none = Vault::new("", "", false, same_bytes);
    assert_eq!(code(none.write(&thing(), FIELDS, "a")), (503, "not_configured"));
}

#[test]
fn the_local_key_counts_on_a_developers_machine_alone() {
    assert!(Vault::new(LOCAL_KEY, "operator", true, same_bytes).is_set());
    assert!(!vault(LOCAL_KEY).is_set());
    assert_eq!(vault(&format!("{LOCAL_KEY},{NEW}")).ids().next(), vault(NEW).ids().next());
}

#[test]
fn a_short_key_is_told() {
    assert!(vault("fifteen letters").fault().is_some());
    assert!(vault(&format!("{NEW},short")).fault().is_some());
    assert!(
        vault("sixteen letters!").fault().is_none() && vault("").fault().is_none() && vault(" , ").fault().is_none()
    );
}

#[test]
fn what_could_not_be_opened_is_written_as_it_was() {
    let text = vault(OLD).write(&thing(), FIELDS, "a").unwrap();
    let mut seen: Thing = vault(NEW).look(&text, "a").unwrap();
    assert_eq!(code(vault(NEW).check(seen.sealed.as_ref())), (503, "encryption_key_missing"));
    seen.name = "renamed".into();
    seen.secret = Some(json!("must not take the place of what is sealed"));
    let text = vault(NEW).write(&seen, FIELDS, "a").unwrap();
    assert!(!text.contains("must not"));
    let back: Thing = vault(OLD).read(&text, "a").unwrap();
    assert_eq!(back, Thing { name: "renamed".into(), ..thing() });
}

#[test]
fn no_two_sealings_are_alike() {
    fn counting() -> [u8; 32] {
        use std::sync::atomic::{AtomicU8, Ordering};
        static COUNT: AtomicU8 = AtomicU8::new(0);
        [COUNT.fetch_add(1, Ordering::Relaxed); 32]
    }
    let vault = Vault::new(NEW, "", false, counting);
    let write = || vault.write(&thing(), FIELDS, "a").unwrap();
    assert_ne!(write(), write());
}

/// Every kind of thing that is stored with secrets: none of them stands open, and all come back.
#[test]
fn nothing_secret_of_what_is_stored_stands_open() {
    let vault = vault(NEW);
    let find = |name: &str| profile::find(name).cloned();
    let context = crate::subscription::Context {
        now: 0,
        random: [1; 32],
        rules: PUBLIC,
        default_profile: "standard",
        profile: &find,
        signals: false,
    };
    let body = r#"{"url":"https://example.com/","headers":{"X-Token":"header-token"},"secret":"whsec_c2VjcmV0IG9mIHRoZSBzdWJzY3JpcHRpb24hIQ=="}"#;
    let mut subscription = Subscription::create("sub_1".into(), body.as_bytes(), &context).unwrap();
    subscription.rotate(b"", profile::standard(), &context).unwrap();
    let text = vault.write(&subscription, SUBSCRIPTION_SECRETS, "sub_1").unwrap();
    for secret in ["header-token", "c2VjcmV0", &subscription.secrets.current] {
        assert!(!text.contains(secret), "{secret}");
    }
    let read: Subscription = vault.read(&text, "sub_1").unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&subscription).unwrap());
    let unopened: Subscription = self::vault(OLD).look(&text, "sub_1").unwrap();
    assert_eq!(unopened.url, subscription.url);
    assert_eq!(serde_json::to_value(unopened.view()).unwrap()["headers"], Value::Null);

    let body = r#"{"provider":"meta","secrets":["source-secret"],"origin":"https://example.com/","resign":true,
        "mode":"queue","options":{"verifyToken":"verify-token"}}"#;
    let context = Context { now: 0, random: [2; 32], rules: PUBLIC };
    let source = Source::create("src_1".into(), "default".into(), body.as_bytes(), &context).unwrap();
    let signing = source.signing_secret.clone().unwrap();
    let text = vault.write(&source, source::SECRETS, "src_1").unwrap();
    let destination = source.destination(Status::Active, &[3; 32]);
    let pushed = vault.write(&destination, DESTINATION_SECRETS, "default/p").unwrap();
    for secret in ["source-secret", "verify-token", &signing] {
        assert!(!text.contains(secret) && !pushed.contains(secret), "{secret}");
    }
    let read: Source = vault.read(&text, "src_1").unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&source).unwrap());
    let read: Destination = vault.read(&pushed, "default/p").unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&destination).unwrap());
    let unopened: Destination = self::vault(OLD).look(&pushed, "default/p").unwrap();
    assert_eq!(unopened.source.unwrap().id, "src_1");
    let unopened: Source = self::vault(OLD).look(&text, "src_1").unwrap();
    let shown = serde_json::to_value(unopened.view("u")).unwrap();
    assert_eq!([&shown["secretCount"], &shown["resign"], &shown["options"]], [&Value::Null; 3]);

    let mut settings = Settings::new("app_1".into(), "a".into(), &[4; 32], 0);
    settings.link_secret = Some("link-secret".into());
    let text = vault.write(&settings, SETTINGS_SECRETS, "app_1").unwrap();
    assert!(!text.contains("link-secret") && !text.contains(&settings.secrets.current));
    let read: Settings = vault.read(&text, "app_1").unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&settings).unwrap());

    let request = Received {
        method: "POST".into(),
        rest: String::new(),
        query: "?code=query-token".into(),
        headers: "authorization\nheader-token".into(),
        id: None,
        verified: true,
    };
    let about = About { request: Some(request.clone()), ..About::default() };
    let text = vault.write(&about, ABOUT_SECRETS, "1").unwrap();
    assert!(!text.contains("token"));
    assert_eq!(vault.read::<About>(&text, "1").unwrap().request, Some(request));
    assert_eq!(serde_json::from_str::<About>(&text).unwrap().request, None, "the event is read without a key");
}

proptest! {
    #[test]
    fn any_secret_for_any_owner(name: String, secret: String, owner: String, other: String, key in ".{16,40}") {
        prop_assume!(!key.contains(','));
        let vault = Vault::new(&key, "", true, same_bytes);
        prop_assume!(vault.is_set());
        let made = Thing { name, secret: Some(json!(secret)), inner: None, sealed: None };
        let text = vault.write(&made, FIELDS, &owner).unwrap();
        prop_assert_eq!(vault.read::<Thing>(&text, &owner).unwrap(), made);
        prop_assert!(other == owner || vault.read::<Thing>(&text, &other).is_err());
    }

    /// One character changed anywhere in what is sealed, and it opens no more.
    #[test]
    fn no_change_goes_unseen(at: prop::sample::Index, to in "[A-Za-z0-9+/.=]") {
        let vault = vault(NEW);
        let text = vault.write(&thing(), FIELDS, "a").unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        let sealed = value[SEALED].as_str().unwrap().to_owned();
        let at = at.index(sealed.len());
        let changed = [&sealed[..at], &to, &sealed[at + 1..]].concat();
        value[SEALED] = json!(changed);
        prop_assert_eq!(vault.read::<Thing>(&value.to_string(), "a").is_ok(), changed == sealed);
    }

    #[test]
    fn no_text_panics(text: String, owner: String, sealed: String) {
        let vault = vault(NEW);
        let _ = vault.look::<Value>(&text, &owner);
        let _ = vault.read::<Value>(&json!({ SEALED: sealed }).to_string(), &owner);
        let id = vault.ids().next().unwrap();
        let _ = vault.read::<Value>(&json!({ SEALED: format!("{id}.{sealed}") }).to_string(), &owner);
    }
}
