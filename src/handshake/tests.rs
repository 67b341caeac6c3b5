//! Each question as the provider's page shows it, the wrong ones, and those of strangers. What is computed was computed
//! elsewhere (Python's `hmac`), Braintree's answer is that of its SDK's own test.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::Handshake as H;
use super::*;
use crate::header::Headers;
use crate::signature::{Algorithm, Key};

const URL: &str = "https://hooks.example/in/src_1";
const PLAIN: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

const ALL: &[H] = &[
    H::Slack,
    H::Meta,
    H::Crc,
    H::Zoom,
    H::Dropbox,
    H::Discord,
    H::Graph,
    H::Twitch,
    H::Asana,
    H::Sns,
    H::Notion,
    H::Woocommerce,
    H::Okta,
    H::Linkedin,
    H::Ebay,
    H::Eventgrid,
    H::Cloudevents,
    H::Websub,
    H::Strava,
    H::Monday,
    H::Ringcentral,
    H::AdobeSign,
    H::Worldline,
    H::Fastly,
    H::Nylas,
    H::Braintree,
    H::Head,
    H::Mailchimp,
    H::Xero,
    H::DropboxSign,
    H::Smartsheet,
    H::Onfleet,
    H::Gusto,
];

/// A request in the making.
#[derive(Debug, Clone)]
struct Ask {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    secrets: Vec<String>,
    options: Options,
}

fn ask(method: &str, after_the_path: &str) -> Ask {
    Ask {
        method: method.into(),
        url: [URL, after_the_path].concat(),
        headers: Vec::new(),
        body: Vec::new(),
        secrets: Vec::new(),
        options: Options::new(),
    }
}

fn get(query: &str) -> Ask {
    ask("GET", query)
}

fn post(body: impl AsRef<[u8]>) -> Ask {
    Ask { body: body.as_ref().to_vec(), ..ask("POST", "") }
}

impl Ask {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn secret(mut self, secret: &str) -> Self {
        self.secrets.push(secret.into());
        self
    }

    fn option(mut self, name: &str, value: &str) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    fn with<T>(&self, look: impl FnOnce(&Asked) -> T) -> T {
        let headers = Headers::new(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request = Request { method: &self.method, url: &self.url, headers: &headers, body: &self.body };
        let asked = Asked { request, secrets: &self.secrets, options: &self.options, public_url: &self.url };
        look(&asked)
    }

    fn before(&self, kind: H) -> Option<Step> {
        self.with(|asked| before(&[kind], asked))
    }

    fn after(&self, kind: H) -> Option<Step> {
        self.with(|asked| after(&[kind], asked))
    }
}

/// The status and the body, and that the headers are as they should be.
#[track_caller]
fn seen(step: Option<Step>, kind: &str) -> Option<(u16, String)> {
    let Some(Step::Answer(reply)) = step else { return None };
    let header = |name: &str| reply.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    if !reply.body.is_empty() {
        assert_eq!(header("Content-Type"), Some(kind));
        assert_eq!(header("X-Content-Type-Options"), Some("nosniff"));
    }
    Some((reply.status, reply.body))
}

#[track_caller]
fn says(step: Option<Step>, kind: &str, body: &str) {
    assert_eq!(seen(step, kind), Some((200, body.to_owned())));
}

#[track_caller]
fn bare(step: Option<Step>, status: u16) {
    assert_eq!(step, Some(Step::Answer(Reply::empty(status))));
}

fn answers_with(step: Option<Step>, name: &str) -> Option<String> {
    let Some(Step::Answer(reply)) = step else { return None };
    reply.headers.into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

#[test]
fn every_kind_has_the_name_that_the_table_calls_it_by() {
    let names = "slack meta crc zoom dropbox discord graph twitch asana sns notion woocommerce okta linkedin ebay eventgrid \
                 cloudevents websub strava monday ringcentral adobe-sign worldline fastly nylas braintree head mailchimp \
                 xero dropbox-sign smartsheet onfleet gusto";
    let written: Vec<String> = ALL.iter().map(|kind| serde_json::to_string(kind).unwrap().replace('"', "")).collect();
    assert_eq!(written.join(" "), names);
}

// Echoes.

#[test]
fn meta_gets_its_challenge_for_the_token() {
    let query = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock";
    let asked = |query: &str| get(query).option("verifyToken", "meatyhamhock").before(H::Meta);
    says(asked(query), PLAIN, "1158201444");
    bare(asked(&query.replace("ham", "jam")), 403);
    bare(asked("?hub.mode=subscribe&hub.challenge=1158201444"), 403);
    bare(asked(&query.replace("=subscribe", "=unsubscribe")), 403);
    bare(get(query).before(H::Meta), 401);
    bare(get(query).option("verifyToken", "").before(H::Meta), 401);
    for none in ["", "?hub.mode=subscribe", "?hub.challenge=1", "?hub_mode=subscribe&hub_challenge=1"] {
        assert_eq!(asked(none), None, "{none}");
    }
    for twice in ["&hub.challenge=2", "&hub%2echallenge=2", "&hub.verify_token=meatyhamhock", "&hub.mode=subscribe"] {
        assert_eq!(asked(&[query, twice].concat()), None, "{twice}");
    }
    assert_eq!(ask("POST", query).option("verifyToken", "meatyhamhock").before(H::Meta), None);
}

#[test]
fn strava_gets_it_in_json() {
    let query = "?hub.verify_token=STRAVA&hub.challenge=15f7d1a91c1f40f8a748fd134752feb3&hub.mode=subscribe";
    let asked = |query: &str| get(query).option("verifyToken", "STRAVA").before(H::Strava);
    says(asked(query), JSON, r#"{"hub.challenge":"15f7d1a91c1f40f8a748fd134752feb3"}"#);
    says(asked(&query.replace("15f7", "%22%2C")), JSON, r#"{"hub.challenge":"\",d1a91c1f40f8a748fd134752feb3"}"#);
    bare(asked(&query.replace("STRAVA", "strava")), 403);
    bare(get(query).before(H::Strava), 401);
}

#[test]
fn a_challenge_is_sent_back_as_it_was_meant() {
    says(get("?challenge=abc123").before(H::Dropbox), PLAIN, "abc123");
    says(get("?challenge=a+b%2Bc%C3%A9%25").before(H::Dropbox), PLAIN, "a b+cé%");
    says(get("?other=1&challenge=bc609b38-c81f-47fb-a275-1d9bd61a968b#x").before(H::Nylas), PLAIN, {
        "bc609b38-c81f-47fb-a275-1d9bd61a968b"
    });
    says(get("?check=example").before(H::Onfleet), PLAIN, "example");
    assert_eq!(get("?challenge=a&challenge=b").before(H::Dropbox), None);
    assert_eq!(get("?challenge=a&%63hallenge=b").before(H::Dropbox), None);
    assert_eq!(get("").before(H::Dropbox), None);
    assert_eq!(ask("POST", "?challenge=a").before(H::Dropbox), None);
    assert_eq!(ask("HEAD", "?challenge=a").before(H::Dropbox), None);
}

#[test]
fn nothing_of_a_stranger_is_reflected_that_a_browser_could_run_or_a_header_be_split_with() {
    let long = "a".repeat(1025);
    let huge = "a".repeat(20_000);
    for hostile in [
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "<b>",
        "a%0D%0AX:y",
        "a%00",
        "a%7F",
        "%C2%85",
        "%E2%80%A8",
        "%FF",
        "",
        &long,
    ] {
        bare(get(&["?challenge=", hostile].concat()).before(H::Dropbox), 401);
        let hub = ["?hub.mode=subscribe&hub.verify_token=t&hub.topic=t&hub.challenge=", hostile].concat();
        for kind in [H::Meta, H::Strava] {
            bare(get(&hub).option("verifyToken", "t").before(kind), 401);
        }
        bare(get(&hub).option("topics", "t").before(H::Websub), 401);
        bare(get(&["?crc_token=", hostile].concat()).secret("s").before(H::Crc), 401);
        bare(get(&["?challengeCode=", hostile].concat()).secret("s").before(H::Linkedin), 401);
        bare(get(&["?challenge_code=", hostile].concat()).option("verifyToken", "t").before(H::Ebay), 401);
    }
    assert_eq!(get(&["?challenge=", &huge].concat()).before(H::Dropbox), None);
    for value in ["a b", "a\r\nX: y", "<b>", "a, a", "é"] {
        bare(get("").header("X-GCS-Webhooks-Endpoint-Verification", value).before(H::Worldline), 401);
        bare(post("").header("Validation-Token", value).before(H::Ringcentral), 401);
        bare(post("").header("X-Hook-Secret", value).before(H::Asana), 401);
    }
}

#[test]
fn graph_gets_its_token_where_nothing_else_came() {
    let question = |token: &str| Ask {
        url: [URL, "?validationToken=", token].concat(),
        ..post("").header("Content-Type", "text/plain; charset=utf-8")
    };
    let token = "Validation%3A+Testing+client+application+reachability+for+subscription+Request-Id%3A+e4d6";
    says(question(token).before(H::Graph), PLAIN, {
        "Validation: Testing client application reachability for subscription Request-Id: e4d6"
    });
    says(question(&"a".repeat(4096)).before(H::Graph), PLAIN, &"a".repeat(4096));
    bare(question(&"a".repeat(4097)).before(H::Graph), 401);
    bare(question("%3Cimg%20src%3Dx%3E").before(H::Graph), 401);
    assert_eq!(Ask { body: br#"{"value":[]}"#.to_vec(), ..question("a") }.before(H::Graph), None);
    assert_eq!(get("?validationToken=a").before(H::Graph), None);
    assert_eq!(question("a&validationToken=b").before(H::Graph), None);
}

#[test]
fn a_hub_is_told_what_was_wanted() {
    let topic = "https://www.youtube.com/xml/feeds/videos.xml?channel_id=1";
    let query = |mode: &str| {
        let topic = "https%3A%2F%2Fwww.youtube.com%2Fxml%2Ffeeds%2Fvideos.xml%3Fchannel_id%3D1";
        format!("?hub.mode={mode}&hub.topic={topic}&hub.challenge=1234567890&hub.lease_seconds=432000")
    };
    let (start, end) = (query("subscribe"), query("unsubscribe"));
    let listed = |query: &str, list: &str| get(query).option("topics", list).before(H::Websub);
    says(listed(&start, &["https://a.example/, ", topic].concat()), PLAIN, "1234567890");
    bare(listed(&start, "https://a.example/"), 404);
    bare(listed(&end, topic), 404);
    says(listed(&end, "https://a.example/"), PLAIN, "1234567890");
    bare(get(&start).before(H::Websub), 404);
    bare(get(&end).before(H::Websub), 404);

    let shared = |query: &str, token: &str| {
        get(&[query, "&hub.verify_token=", token].concat()).option("verifyToken", "t0ken").before(H::Websub)
    };
    says(shared(&start, "t0ken"), PLAIN, "1234567890");
    says(shared(&end, "t0ken"), PLAIN, "1234567890");
    bare(shared(&start, "token"), 404);
    bare(get(&start).option("verifyToken", "t0ken").before(H::Websub), 404);
    let both =
        get(&[&start, "&hub.verify_token=t0ken"].concat()).option("verifyToken", "t0ken").option("topics", "other");
    bare(both.before(H::Websub), 404);

    bare(get("?hub.mode=denied&hub.topic=t&hub.reason=no").before(H::Websub), 200);
    bare(get("?hub.mode=other&hub.topic=t&hub.challenge=c").option("topics", "t").before(H::Websub), 404);
    assert_eq!(get("?hub.mode=subscribe&hub.challenge=c").before(H::Websub), None);
    assert_eq!(listed(&[&start, "&hub.topic=x"].concat(), topic), None);
}

#[test]
fn monday_gets_its_challenge_back_signed_or_not() {
    let body = r#"{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"#;
    says(post(body).before(H::Monday), JSON, body);
    let signed = post(body).header("Authorization", "a.b.c");
    assert_eq!(signed.before(H::Monday), None);
    says(signed.after(H::Monday), JSON, body);
    for other in
        [r#"{"challenge":"a","event":{}}"#, r#"{"challenge":1}"#, r#"{"challenge":"a","challenge":"b"}"#, "[]", ""]
    {
        assert_eq!(post(other).before(H::Monday), None, "{other}");
    }
    bare(post(r#"{"challenge":"<script>"}"#).before(H::Monday), 401);
}

#[test]
fn ringcentral_gets_its_header_where_no_event_came() {
    let token = "f3c5a1f0-8b1e-4e0a-9a0e-0d9b7d6a5c4b";
    for body in ["", "{}", " {}\n"] {
        let step = post(body).header("validation-token", token).before(H::Ringcentral);
        assert_eq!(step, Some(Step::Answer(Reply::empty(200).with("Validation-Token", token))));
    }
    assert_eq!(post(r#"{"event":"/restapi"}"#).header("Validation-Token", token).before(H::Ringcentral), None);
    let twice = post("").header("Validation-Token", "a").header("Validation-Token", "b");
    assert_eq!(twice.before(H::Ringcentral), None);
}

#[test]
fn smartsheet_gets_its_challenge_in_both_ways() {
    let challenge = "15ac1d8b-a2a5-4a4e-8b0c-6f2b6f0f4f6e";
    let body = format!(r#"{{"challenge":"{challenge}","webhookId":1234}}"#);
    let step = || post(&body).header("Smartsheet-Hook-Challenge", challenge).before(H::Smartsheet);
    says(step(), JSON, &format!(r#"{{"smartsheetHookResponse":"{challenge}"}}"#));
    assert_eq!(answers_with(step(), "Smartsheet-Hook-Response").as_deref(), Some(challenge));
    bare(post(&body).header("Smartsheet-Hook-Challenge", "other").before(H::Smartsheet), 401);
    assert_eq!(post(&body).before(H::Smartsheet), None);
    let event = post(r#"{"challenge":"a","webhookId":1,"events":[]}"#).header("Smartsheet-Hook-Challenge", "a");
    assert_eq!(event.before(H::Smartsheet), None);
}

#[test]
fn worldline_gets_its_header_as_text() {
    let question = get("").header("X-GCS-Webhooks-Endpoint-Verification", "1c9e7f2a-5d3b");
    says(question.before(H::Worldline), PLAIN, "1c9e7f2a-5d3b");
    assert_eq!(get("").before(H::Worldline), None);
}

#[test]
fn cloudevents_may_come_from_who_is_listed() {
    let question = ask("OPTIONS", "")
        .header("WebHook-Request-Origin", "eventemitter.example.com")
        .header("WebHook-Request-Callback", "https://eventemitter.example.com/confirm")
        .header("WebHook-Request-Rate", "120");
    bare(question.before(H::Cloudevents), 401);
    let step =
        || question.clone().option("allowedOrigins", "a.example, eventemitter.example.com").before(H::Cloudevents);
    assert_eq!(answers_with(step(), "WebHook-Allowed-Origin").as_deref(), Some("eventemitter.example.com"));
    assert_eq!(answers_with(step(), "WebHook-Allowed-Rate").as_deref(), Some("120"));
}

#[test]
fn who_only_looks_finds_somebody() {
    bare(ask("HEAD", "").before(H::Head), 200);
    assert_eq!(get("").before(H::Head), None);
    assert_eq!(post("").before(H::Head), None);
    bare(get("").before(H::Mailchimp), 200);
    bare(ask("HEAD", "").before(H::Mailchimp), 200);
    bare(post("webhook_id=17").before(H::Woocommerce), 200);
    for other in ["webhook_id=", "webhook_id=1&a=b", "webhook_id=x", "webhook_id=111111111111111111111", "{}", ""] {
        assert_eq!(post(other).before(H::Woocommerce), None, "{other}");
    }
    assert_eq!(post("webhook_id=17").header("X-WC-Webhook-Topic", "order.created").before(H::Woocommerce), None);
    bare(post("token=abc&ssl_check=1").before(H::Slack), 200);
    bare(get("?ssl_check=1&token=abc").before(H::Slack), 200);
    assert_eq!(post("ssl_check=1&command=%2Fweather").before(H::Slack), None);
    assert_eq!(post("ssl_check=1&ssl_check=1").before(H::Slack), None);
}

// First contacts.

#[test]
fn asanas_secret_is_learned_once() {
    let secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    let question = || post("{}").header("X-Hook-Secret", secret);
    let reply = Reply::empty(200).with("X-Hook-Secret", secret);
    assert_eq!(question().before(H::Asana), Some(Step::Learn { secret: secret.into(), reply: reply.clone() }));
    assert_eq!(question().secret("other").secret(secret).before(H::Asana), Some(Step::Answer(reply)));
    bare(question().secret("other").before(H::Asana), 401);
    bare(post("{}").header("X-Hook-Secret", "short").before(H::Asana), 401);
    bare(post("{}").header("X-Hook-Secret", &"a".repeat(257)).before(H::Asana), 401);
    assert_eq!(question().header("X-Hook-Signature", "00").before(H::Asana), None);
    assert_eq!(question().header("X-Hook-Secret", secret).before(H::Asana), None);
    assert_eq!(Ask { body: br#"{"events":[]}"#.to_vec(), ..question() }.before(H::Asana), None);
}

#[test]
fn notions_and_gustos_tokens_are_learned_once() {
    let secret = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    let body = format!(r#"{{"verification_token":"{secret}"}}"#);
    let learned = Some(Step::Learn { secret: secret.into(), reply: Reply::empty(200) });
    assert_eq!(post(&body).before(H::Notion), learned);
    bare(post(&body).secret(secret).before(H::Notion), 200);
    bare(post(&body).secret("secret_other").before(H::Notion), 401);
    assert_eq!(post(&body).header("X-Notion-Signature", "sha256=00").before(H::Notion), None);
    for other in [r#"{"verification_token":1}"#, r#"{"type":"page.created"}"#, "", "null"] {
        assert_eq!(post(other).before(H::Notion), None, "{other}");
    }
    let twice = format!(r#"{{"verification_token":"{secret}","verification_token":"{secret}"}}"#);
    assert_eq!(post(twice).before(H::Notion), None);
    bare(post(r#"{"verification_token":"se\ncret_123"}"#).before(H::Notion), 401);

    assert_eq!(post(&body).before(H::Gusto), None);
    let body = format!(r#"{{"verification_token":"{secret}","webhook_subscription_uuid":"d2c1"}}"#);
    assert_eq!(post(&body).before(H::Gusto), learned);
}

// What is computed.

#[test]
fn x_gets_the_mac_of_its_token() {
    let asked = |query: &str| get(query).secret("consumer-secret").secret("older");
    let answer = r#"{"response_token":"sha256=TeLi8/jSUVdBBQQib7sNhQqlUWFPn5DpPEDSoCZBNAc="}"#;
    says(asked("?crc_token=MTYyODQ5-abc_%2F=").before(H::Crc), JSON, answer);
    bare(get("?crc_token=foo").before(H::Crc), 401);
    assert_eq!(asked("?crc_token=foo&crc_token=bar").before(H::Crc), None);
    assert_eq!(ask("POST", "?crc_token=foo").secret("consumer-secret").before(H::Crc), None);

    let signed = |signature: &str| {
        let query = asked("?crc_token=foo&nonce=bar");
        query.header("x-twitter-webhooks-signature", signature).before(H::Crc)
    };
    let foo = r#"{"response_token":"sha256=DcTy7IecOE1nIXA5KRcZ3lAsoNWL9GefbVQ+nWXIK0Q="}"#;
    says(signed("sha256=7+iRwwUSNAOPvc+rvy6yPKb3cd0pKCekD7UHhSkX3hk="), JSON, foo);
    bare(signed("sha256=8+iRwwUSNAOPvc+rvy6yPKb3cd0pKCekD7UHhSkX3hk="), 401);
    bare(signed(""), 401);
    says(asked("?crc_token=foo&nonce=bar").before(H::Crc), JSON, foo);
}

#[test]
fn a_token_of_x_never_passes_for_an_event() {
    for token in ["1", "true", "null", "-1", "foo", "MTYyODQ5-abc_/="] {
        bare(post(token).secret("s").after(H::Crc), 401);
    }
    for event in ["{}", r#"{"for_user_id":"1"}"#, "[]", "\"a\"", "", " 1", "1\n"] {
        assert_eq!(post(event).secret("s").after(H::Crc), None, "{event}");
        let asked: String = url::form_urlencoded::byte_serialize(event.as_bytes()).collect();
        bare(get(&["?crc_token=", &asked].concat()).secret("s").before(H::Crc), 401);
    }
}

#[test]
fn zoom_gets_its_token_encrypted_when_it_signed() {
    let body = r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}"#;
    let signature = "v0=3ddd8e04fcaf0125c51cff2bf5da6f848402fdea1b1c52d8eb8f6d236aa2a541";
    let question = |signature: &str| {
        let question = post(body).header("x-zm-signature", signature).header("x-zm-request-timestamp", "1654503849");
        question.secret("newer").secret("zoom-secret")
    };
    says(question(signature).after(H::Zoom), JSON, {
        r#"{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"b17f0320a1322a509340a1a835b3d9edbc491f0b0790ed2d20d0604d39dfe922"}"#
    });
    assert_eq!(question(signature).before(H::Zoom), None);
    bare(question(&signature.replace('3', "4")).after(H::Zoom), 401);
    bare(post(body).secret("zoom-secret").after(H::Zoom), 401);
    assert_eq!(post(body.replace("url_validation", "other")).after(H::Zoom), None);
    // The signed text of an event is no token, even in a request that is signed.
    for token in ["v0:1654503849:{}", "", "a b", &"a".repeat(129)] {
        let body = format!(r#"{{"payload":{{"plainToken":"{token}"}},"event":"endpoint.url_validation"}}"#);
        let key = Key::from_bytes(Algorithm::HmacSha256, b"s").unwrap();
        let signature = ["v0=", &hex::encode(key.sign(&["v0:1:", &body]))].concat();
        let question =
            post(&body).header("x-zm-signature", &signature).header("x-zm-request-timestamp", "1").secret("s");
        bare(question.after(H::Zoom), 401);
    }
}

#[test]
fn linkedin_gets_the_mac_of_a_uuid_alone() {
    let code = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    let asked = |code: &str| get(&["?challengeCode=", code].concat()).secret("client-secret").before(H::Linkedin);
    says(asked(code), JSON, {
        r#"{"challengeCode":"890e4665-4dfe-4ab1-b689-ed553bceeed0","challengeResponse":"8ab4bbad570533d66462deba280bde93c1cad8b543e7f526d3e962acaf6c391a"}"#
    });
    says(asked(&[code, "&applicationId=1"].concat()), JSON, &seen(asked(code), JSON).unwrap().1);
    for other in
        ["hmacsha256%3D%7B%7D", "890e4665", &code.replace('-', ""), &[code, "-"].concat(), &code.replace('8', "g")]
    {
        bare(asked(other), 401);
    }
    bare(get(&["?challengeCode=", code].concat()).before(H::Linkedin), 401);
}

#[test]
fn ebay_gets_a_hash_of_three_texts() {
    let query = "?challenge_code=71745723-d031-455c-bfa5-f90d11b4f20a";
    says(get(query).option("verifyToken", "verification-token-of-32-letters-").before(H::Ebay), JSON, {
        r#"{"challengeResponse":"7aaf982275f73e5871162ed4ec5db896dd80d4cb618ed853fa9a7ab09a8f6bd6"}"#
    });
    bare(get(query).secret("s").before(H::Ebay), 401);
}

#[test]
fn braintree_gets_the_answer_of_its_own_test() {
    let asked = |challenge: &str| {
        get(&["?bt_challenge=", challenge].concat())
            .secret("integration_private_key")
            .option("publicKey", "integration_public_key")
    };
    let challenge = "20f9f8ed05f77439fe955c977e4c8a53";
    says(asked(challenge).before(H::Braintree), PLAIN, {
        "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4"
    });
    for wrong in
        ["goodbye cruel world", "", "20F9F8ED05F77439FE955C977E4C8A53", "20f9f8ed05f77439fe9", &challenge.repeat(2)]
    {
        bare(asked(wrong).before(H::Braintree), 400);
    }
    bare(get(&["?bt_challenge=", challenge].concat()).secret("s").before(H::Braintree), 401);
    // What it computes with is no event.
    for body in [
        format!("bt_signature=a&bt_payload={challenge}"),
        format!("bt_payload={challenge}%0A&x={}", "a".repeat(99_999)),
    ] {
        bare(post(body).after(H::Braintree), 401);
    }
    assert_eq!(post("bt_signature=a&bt_payload=PD94bWwgdmVyc2lvbj0iMS4wIj8%2B%0A").after(H::Braintree), None);
}

#[test]
fn fastly_gets_a_line_for_each_service() {
    let at = |path: &str| Ask { url: ["https://logs.example", path].concat(), ..get("") };
    let question = || at("/.well-known/fastly/logging/challenge");
    let line = "66b01d440c79400570c755aad9d589af5368719067c13fee58710a7198db2de8\n";
    let services = "SU1Z0isxPaozGVKXdv0eY, *";
    says(question().option("serviceIds", services).before(H::Fastly), PLAIN, &[line, "*\n"].concat());
    bare(question().before(H::Fastly), 401);
    assert_eq!(at("/in/src_1").option("serviceIds", "*").before(H::Fastly), None);
}

// What counts only when it was verified.

#[test]
fn slack_gets_its_challenge() {
    let body = r#"{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}"#;
    says(post(body).after(H::Slack), PLAIN, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P");
    assert_eq!(post(body).before(H::Slack), None);
    for other in [
        r#"{"challenge":"a","type":"event_callback"}"#,
        r#"{"event":{"challenge":"a","type":"url_verification"}}"#,
        r#"{"challenge":"a","type":"url_verification","type":"url_verification"}"#,
        r#"{"type":"url_verification"}"#,
        "payload=%7B%7D",
    ] {
        assert_eq!(post(other).after(H::Slack), None, "{other}");
    }
}

#[test]
fn discord_is_told_that_somebody_is_there() {
    let interaction = r#"{"application_id":"1","id":"2","token":"t","type":1,"user":{},"version":1}"#;
    says(post(interaction).after(H::Discord), JSON, r#"{"type":1}"#);
    assert_eq!(post(interaction).before(H::Discord), None);
    let event = post(r#"{"version":1,"application_id":"1","type":0}"#).after(H::Discord);
    assert_eq!(event, Some(Step::Answer(Reply::empty(204).with("Content-Type", JSON))));
    for other in
        [r#"{"version":1,"type":1,"event":{"type":"APPLICATION_AUTHORIZED"}}"#, r#"{"type":2}"#, r#"{"type":"1"}"#, ""]
    {
        assert_eq!(post(other).after(H::Discord), None, "{other}");
    }
}

#[test]
fn twitch_gets_its_challenge_raw() {
    let body = r#"{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"id":"f1c2"}}"#;
    let of = |kind: &str, body: &str| post(body).header("Twitch-Eventsub-Message-Type", kind);
    let verification = "webhook_callback_verification";
    says(of(verification, body).after(H::Twitch), PLAIN, "pogchamp-kappa-360noscope-vohiyo");
    assert_eq!(of(verification, body).before(H::Twitch), None);
    assert_eq!(of(verification, r#"{"subscription":{},"event":{}}"#).after(H::Twitch), None);
    assert_eq!(of("notification", body).after(H::Twitch), None);
    assert_eq!(of("revocation", body).after(H::Twitch), None);
}

#[test]
fn okta_gets_its_header_in_json() {
    let question = get("").header("X-Okta-Verification-Challenge", "my verification challenge");
    bare(question.after(H::Okta), 401);
    let question = get("").header("X-Okta-Verification-Challenge", "dC5ldW4-_%\"");
    says(question.after(H::Okta), JSON, r#"{"verification":"dC5ldW4-_%\""}"#);
    assert_eq!(question.before(H::Okta), None);
}

#[test]
fn event_grid_gets_its_code_in_either_schema() {
    let body = r#"[{"id":"2d1781af-3a4c-4d7c-bd0c-e34b19da4e66","topic":"/subscriptions/x","subject":"",
        "data":{"validationCode":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6","validationUrl":"https://rp-eastus2.eventgrid.azure.net:553/x"},
        "eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","eventTime":"2022-10-28T04:23:35.1981776Z",
        "metadataVersion":"1","dataVersion":"1"}]"#;
    let of = |kind: &str, body: &str| post(body).header("aeg-event-type", kind);
    let validation = "SubscriptionValidation";
    says(of(validation, body).after(H::Eventgrid), JSON, {
        r#"{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}"#
    });
    assert_eq!(of(validation, body).before(H::Eventgrid), None);
    let two = format!("[{0},{0}]", &body[1..body.len() - 1]);
    for other in ["[]", "{}", "", &two, &body.replace("ValidationEvent", "Event"), r#"[{"data":{"validationCode":1}}]"#]
    {
        assert_eq!(of(validation, other).after(H::Eventgrid), None, "{other}");
    }
    assert_eq!(of("Notification", body).after(H::Eventgrid), None);
    bare(of("Unsubscribe", "[]").after(H::Eventgrid), 200);

    let options = |origin: &str| ask("OPTIONS", "?code=s").header("WebHook-Request-Origin", origin);
    let question = options("eventgrid.azure.net").header("WebHook-Request-Rate", "120");
    let reply = Reply::empty(200)
        .with("WebHook-Allowed-Origin", "eventgrid.azure.net")
        .with("WebHook-Allowed-Rate", "120")
        .with("Allow", "POST, OPTIONS");
    assert_eq!(question.after(H::Eventgrid), Some(Step::Answer(reply)));
    let rate = options("eventgrid.azure.net").header("WebHook-Request-Rate", "1\r\nX: y").after(H::Eventgrid);
    assert_eq!(answers_with(rate, "WebHook-Allowed-Rate").as_deref(), Some("*"));
    bare(options("eventgrid.azure.net.evil.example").after(H::Eventgrid), 401);
}

#[test]
fn adobe_gets_its_id_on_every_answer() {
    let id = "CBJCHBCAABAAo8VwkCnpsIlpGJQDkZjWXMgx9FGOLK3i";
    let question = |method: &str| ask(method, "").header("X-AdobeSign-ClientId", id);
    let known = |method: &str| question(method).secret("other").secret(id);
    says(known("GET").after(H::AdobeSign), JSON, &format!(r#"{{"xAdobeSignClientId":"{id}"}}"#));
    assert_eq!(answers_with(known("GET").after(H::AdobeSign), "X-AdobeSign-ClientId").as_deref(), Some(id));
    bare(question("GET").secret("other").after(H::AdobeSign), 401);
    assert_eq!(known("GET").before(H::AdobeSign), None);
    assert_eq!(known("POST").after(H::AdobeSign), None);

    let echo = |ask: Ask, kind: H| ask.with(|asked| echoed(&[kind], asked));
    assert_eq!(echo(known("POST"), H::AdobeSign), Some(("X-AdobeSign-ClientId", id.to_owned())));
    assert_eq!(echo(known("POST"), H::Slack), None);
    assert_eq!(echo(question("POST").secret("other"), H::AdobeSign), None);
}

#[test]
fn xeros_intent_is_answered_without_a_word() {
    let body = r#"{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}"#;
    bare(post(body).after(H::Xero), 200);
    assert_eq!(post(body).before(H::Xero), None);
    for other in [r#"{"events":[{}]}"#, r#"{"events":null}"#, "{}", "[]", ""] {
        assert_eq!(post(other).after(H::Xero), None, "{other}");
    }
    let silent = |body: &str, kind| post(body).with(|asked| refused_without_body(&[kind], asked));
    assert!(silent(body, H::Xero));
    assert!(!silent(body, H::Slack));
    assert!(!silent(r#"{"events":[{}]}"#, H::Xero) && !silent("{}", H::Xero) && !silent("", H::Xero));
}

#[test]
fn some_want_to_be_answered_in_their_own_way() {
    let reply = |kind| received(&[H::Slack, kind]).map(|reply| (reply.status, reply.body));
    assert_eq!(reply(H::Xero), Some((200, String::new())));
    assert_eq!(reply(H::Discord), Some((204, String::new())));
    assert_eq!(reply(H::DropboxSign), Some((200, "Hello API Event Received".into())));
    assert_eq!(reply(H::Meta), None);
}

#[test]
fn sns_is_confirmed_at_amazon_for_the_topic_that_is_named() {
    let topic = "arn:aws:sns:us-west-2:123456789012:MyTopic";
    let url = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-west-2:123456789012:MyTopic&Token=2336412f37";
    let body = |kind: &str, topic: &str, url: &str| {
        format!(
            r#"{{"Type":"{kind}","MessageId":"1","Token":"2336412f37","TopicArn":"{topic}","Message":"m","SubscribeURL":"{url}"}}"#
        )
    };
    let asked = |topic: &str, url: &str| post(body("SubscriptionConfirmation", topic, url));
    let pinned = |topic: &str, url: &str| {
        asked(topic, url).option("topicArn", &["arn:aws:sns:x, ", topic].concat()).after(H::Sns)
    };
    assert_eq!(pinned(topic, url), Some(Step::Confirm(url.into())));
    assert_eq!(asked(topic, url).option("topicArn", topic).before(H::Sns), None);
    bare(asked(topic, url).after(H::Sns), 401);
    bare(asked(topic, url).option("topicArn", "arn:aws:sns:us-west-2:123456789012:Other").after(H::Sns), 401);
    for wrong in [
        url.replace("https", "http"),
        url.replace(".com/", ".com.evil.example/"),
        url.replace(".com/", ".com:8443/"),
        url.replace("sns.us-west-2", "sns.us-east-1"),
        url.replace("sns.us-west-2.amazonaws.com", "169.254.169.254"),
        url.replace("://", "://user@"),
        url.replace("://", "://evil.example/"),
        url.replace(".com/?", ".com/other?"),
        url.replace("ConfirmSubscription", "Unsubscribe"),
        url.replace("MyTopic", "Other"),
        url.replace("Token=2336412f37", "Token=1"),
        [url, "&Action=DeleteTopic"].concat(),
        [url, "#x"].concat(),
        String::new(),
    ] {
        bare(pinned(topic, &wrong), 401);
    }
    for odd in ["arn:aws:sns:evil.example/:1:t", "arn:aws:sqs:us-west-2:1:t", "t", ""] {
        bare(pinned(odd, &url.replace(topic, odd)), 401);
    }
    let china = |text: &str| text.replace("arn:aws:", "arn:aws-cn:").replace("us-west-2", "cn-north-1");
    let there = china(url).replace(".com/", ".com.cn/");
    assert_eq!(pinned(&china(topic), &there), Some(Step::Confirm(there.clone())));
    bare(pinned(&china(topic), &china(url)), 401);

    bare(post(body("UnsubscribeConfirmation", topic, url)).after(H::Sns), 200);
    assert_eq!(post(body("Notification", topic, url)).after(H::Sns), None);
}

#[test]
fn a_provider_without_handshakes_has_no_questions() {
    let question = get("?challenge=a&crc_token=a").secret("s");
    assert_eq!(question.with(|asked| before(&[], asked)), None);
    assert_eq!(question.with(|asked| after(&[], asked)), None);
}

// Whatever comes.

/// Texts that are likely to get far, and any others.
fn text() -> impl Strategy<Value = String> {
    let known = [
        "subscribe",
        "unsubscribe",
        "denied",
        "t0ken",
        "topic",
        "a",
        "1",
        "true",
        "{}",
        "v0:1:{}",
        "hmacsha256={}",
        "20f9f8ed05f77439fe955c977e4c8a53",
        "890e4665-4dfe-4ab1-b689-ed553bceeed0",
        "<script>",
        "a\r\nb",
        "eventgrid.azure.net",
        "SubscriptionValidation",
        "webhook_callback_verification",
        "endpoint.url_validation",
        "url_verification",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>(), 1 => "[ -~]{0,300}"]
}

fn questions() -> impl Strategy<Value = Ask> {
    let parameter = prop::sample::select(vec![
        "hub.mode",
        "hub.challenge",
        "hub.verify_token",
        "hub.topic",
        "challenge",
        "check",
        "crc_token",
        "challengeCode",
        "challenge_code",
        "bt_challenge",
        "validationToken",
        "ssl_check",
    ]);
    let header = prop::sample::select(vec![
        "X-Hook-Secret",
        "Validation-Token",
        "Smartsheet-Hook-Challenge",
        "X-GCS-Webhooks-Endpoint-Verification",
        "X-Okta-Verification-Challenge",
        "WebHook-Request-Origin",
        "aeg-event-type",
        "Twitch-Eventsub-Message-Type",
        "X-AdobeSign-ClientId",
        "x-zm-signature",
        "x-zm-request-timestamp",
        "x-twitter-webhooks-signature",
    ]);
    let member = prop::sample::select(vec![
        "challenge",
        "type",
        "verification_token",
        "webhook_subscription_uuid",
        "webhookId",
        "event",
        "events",
        "Type",
        "SubscribeURL",
        "TopicArn",
        "Token",
    ]);
    let query = prop::collection::vec((parameter, text()), 0..5)
        .prop_map(|pairs| url::form_urlencoded::Serializer::new("?".to_owned()).extend_pairs(pairs).finish());
    let body = prop_oneof![
        Just(Vec::new()),
        any::<Vec<u8>>(),
        text().prop_map(String::into_bytes),
        prop::collection::vec((member, text()), 0..4).prop_map(|members| {
            let written: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name:?}:{}", serde_json::Value::from(value.as_str())))
                .collect();
            format!("{{{}}}", written.join(",")).into_bytes()
        }),
    ];
    let method = prop::sample::select(vec!["GET", "POST", "HEAD", "OPTIONS", "PUT"]);
    (method, query, prop::collection::vec((header, text()), 0..3), body).prop_map(|(method, query, headers, body)| {
        Ask {
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            body,
            ..ask(method, &query)
                .option("verifyToken", "t0ken")
                .option("topics", "topic")
                .option("publicKey", "public")
                .option("allowedOrigins", "a")
                .option("topicArn", "a")
        }
    })
}

/// Whether X, LinkedIn or Braintree may have this text computed.
fn computable(text: &str) -> bool {
    !text.contains(['{', '"', ':', '<', '[', ' ']) && text.len() <= 256
}

proptest! {
    #[test]
    fn nothing_that_comes_panics_or_is_answered_with_a_page(ask in questions()) {
        for kind in ALL {
            for step in [ask.before(*kind), ask.clone().secret("s").before(*kind), ask.clone().secret("s").after(*kind)] {
                let (Some(Step::Answer(reply)) | Some(Step::Learn { reply, .. })) = step else { continue };
                prop_assert!(reply.body.len() <= 4096);
                prop_assert!(!reply.body.contains(['<', '>']));
                for (name, value) in &reply.headers {
                    prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {value:?}");
                }
                let sniffed = reply.headers.iter().any(|(name, value)| name == "X-Content-Type-Options" && value == "nosniff");
                prop_assert!(reply.body.is_empty() || sniffed);
            }
        }
    }

    /// Whom no secret is shown can't be shown one that was used: the answers are the same whatever it is.
    #[test]
    fn no_secret_has_a_part_in_a_strangers_answer_but_under_a_rule(ask in questions()) {
        for kind in ALL {
            let one = ask.clone().secret("correct-horse-battery").before(*kind);
            let other = ask.clone().secret("another-secret-entirely").before(*kind);
            if one != other {
                prop_assert!(matches!(kind, H::Crc | H::Linkedin | H::Braintree), "{kind:?}");
                let name = match kind {
                    H::Crc => "crc_token",
                    H::Linkedin => "challengeCode",
                    _ => "bt_challenge",
                };
                let (_, query) = ask.url.split_once('?').unwrap();
                let (_, asked) = url::form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).unwrap();
                prop_assert!(computable(&asked), "{asked:?}");
            }
        }
    }

    /// What X has signed for a stranger is exactly what is not taken for an event.
    #[test]
    fn no_body_of_an_event_is_signed_for_a_stranger(token in prop_oneof![text(), "[A-Za-z0-9+/=_-]{1,300}"]) {
        let encoded: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let step = get(&["?crc_token=", &encoded].concat()).secret("s").before(H::Crc);
        if let Some((200, body)) = seen(step, JSON) {
            let mac = Key::from_bytes(Algorithm::HmacSha256, b"s").unwrap().sign(&[&token]);
            prop_assert!(body.contains(&STANDARD.encode(mac)));
            bare(post(&token).secret("s").after(H::Crc), 401);
        }
    }
}
