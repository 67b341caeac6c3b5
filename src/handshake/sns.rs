//! Amazon SNS, which wants its subscriptions confirmed by a call:
//! <https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>.

use url::Url;

use super::{Asked, Reply, Step};

/// The confirmation of a subscription, or of its end.
pub fn confirmation(asked: &Asked) -> Option<Step> {
    let mut fields = asked.fields()?;
    match fields.take::<String>("Type", "")?.as_str() {
        "SubscriptionConfirmation" => {
            let mut text = |name| fields.take::<String>(name, "").unwrap_or_default();
            let (url, topic, token) = (text("SubscribeURL"), text("TopicArn"), text("Token"));
            Some(match confirms(asked, &url, &topic, &token) {
                Some(url) => Step::Confirm(url),
                None => Step::Answer(Reply::refused()),
            })
        }
        // Its URL would subscribe again.
        "UnsubscribeConfirmation" => Some(Step::Answer(Reply::empty(200))),
        _ => None,
    }
}

/// The URL, if it confirms this topic and does nothing else. A signature says that the message is from SNS, not whose
/// topic it is: anybody's would do, so the topic must be one that the source names.
fn confirms(asked: &Asked, url: &str, topic: &str, token: &str) -> Option<String> {
    if token.is_empty() || !asked.lists("topicArn", topic) {
        return None;
    }
    let mut arn = topic.split(':');
    let (Some("arn"), Some(partition), Some("sns"), Some(region)) = (arn.next(), arn.next(), arn.next(), arn.next())
    else {
        return None;
    };
    let end = if partition == "aws-cn" { ".cn" } else { "" };
    let host = format!("sns.{region}.amazonaws.com{end}");
    let url = Url::parse(url).ok()?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.port().is_none() && url.fragment().is_none();
    if url.scheme() != "https" || url.host_str() != Some(&host) || !bare || url.path() != "/" {
        return None;
    }
    let mut asks: Vec<_> = url.query_pairs().collect();
    asks.sort_unstable();
    let asks: Vec<(&str, &str)> = asks.iter().map(|(name, value)| (&**name, &**value)).collect();
    let wanted = [("Action", "ConfirmSubscription"), ("Token", token), ("TopicArn", topic)];
    (asks == wanted).then(|| url.into())
}
