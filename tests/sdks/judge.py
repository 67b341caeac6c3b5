"""PyPI's SDKs as judges: a line of JSON on standard input is a question, a line on standard output the answer.

A question names an SDK, what it is to do and the message: {"sdk", "call": "sign" | "verify", "message"}.
A message has url, method, headers (lower-case names), body (text), secret, id, seconds and what an SDK needs besides.
Signing answers {"headers", "body"?}, verifying {"genuine"}; a call that the SDK ends with an exception answers {"error"}.
"""
import importlib
import importlib.util
import json
import sys
import time
import types
from urllib.parse import parse_qs, urlparse


class Package(types.ModuleType):
    """A package whose front door stays shut: it would load a whole HTTP client, and here one file is wanted."""

    def __init__(self, name):
        super().__init__(name)
        self.__path__ = list(importlib.util.find_spec(name).submodule_search_locations)


def load(name, shut=(), names=None):
    """Loads a module. `shut`: packages on the way that are only passed through; `names`: modules of which it takes
    nothing but a name, for an annotation or as the class of an error, and those names."""
    for package in shut:
        if package not in sys.modules:
            sys.modules[package] = Package(package)
    for module, given in (names or {}).items():
        stand_in = sys.modules.setdefault(module, types.ModuleType(module))
        stand_in.__dict__.update(given)
    return importlib.import_module(name)


class Headers(dict):
    """Headers by any spelling of their names."""

    def get(self, name, default=None):
        return super().get(name.lower(), default)


def form(message):
    """The fields of a form, as a web framework gives them."""
    pairs = parse_qs(message["body"], keep_blank_values=True)
    return {name: values[0] if len(values) == 1 else values for name, values in pairs.items()}


class Adyen:
    """Signs each item of a batch, or the whole body (`whole`)."""

    util = staticmethod(lambda: load("Adyen.util", shut=["Adyen"]))

    def sign(self, message):
        if message.get("whole"):
            signature = self.util().generate_payload_sig(message["body"].encode(), message["secret"])
            return {"headers": {"HmacSignature": signature.decode(), "Protocol": "HmacSHA256"}}
        batch = json.loads(message["body"])
        for entry in batch["notificationItems"]:
            item = entry["NotificationRequestItem"]
            signature = self.util().generate_notification_sig(item, message["secret"])
            item["additionalData"] = {"hmacSignature": signature.decode()}
        return {"headers": {}, "body": json.dumps(batch)}

    def verify(self, message):
        if message.get("whole"):
            signature = message["headers"]["hmacsignature"]
            return self.util().is_valid_hmac_payload(signature, message["secret"], message["body"].encode())
        return self.util().is_valid_hmac_notification(json.loads(message["body"]), message["secret"])


class Box:
    def sign(self, message):
        utils = load("box_sdk_gen.internal.utils")
        headers = {
            "box-signature-version": "1",
            "box-signature-algorithm": "HmacSHA256",
            "box-delivery-timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(message["seconds"])),
        }
        signature = utils.compute_webhook_signature(message["body"], headers, message["secret"])
        return {"headers": {**headers, "box-signature-primary": signature}}

    def verify(self, message):
        manager = load("box_sdk_gen.managers.webhooks").WebhooksManager
        # Box says the version and the algorithm beside each signature.
        headers = {"box-signature-version": "1", "box-signature-algorithm": "HmacSHA256", **message["headers"]}
        return manager.validate_message(message["body"], headers, message["secret"])


class Castle:
    def verify(self, message):
        verify = load("castle.webhooks.verify", shut=["castle"]).WebhooksVerify
        webhook = types.SimpleNamespace(headers=Headers(message["headers"]), data=message["body"].encode())
        verify.call(webhook, types.SimpleNamespace(api_secret=message["secret"]))
        return True


class CoinbaseCommerce:
    def verify(self, message):
        webhook = load("coinbase_commerce.webhook").Webhook
        signature = message["headers"]["x-cc-webhook-signature"]
        return bool(webhook.construct_event(message["body"], signature, message["secret"]))


class DropboxSign:
    def verify(self, message):
        models = {"EventCallbackRequest": object, "EventCallbackRequestEventMetadata": object}
        helper = load(
            "dropbox_sign.event_callback_helper", shut=["dropbox_sign"], names={"dropbox_sign.models": models}
        ).EventCallbackHelper
        if message["headers"]["content-type"].startswith("multipart/"):
            # The one field: what stands between its heading and the closing line.
            field = message["body"].split("\r\n\r\n", 1)[1].rsplit("\r\n--", 1)[0]
        else:
            field = form(message)["json"]
        event = types.SimpleNamespace(**json.loads(field)["event"])
        return helper.is_valid(message["secret"], types.SimpleNamespace(event=event))


class EasyPost:
    def verify(self, message):
        util = load("easypost.util")
        util.validate_webhook(message["body"].encode(), Headers(message["headers"]), message["secret"])
        return True


class Fintoc:
    def verify(self, message):
        signature = load("fintoc.webhook", shut=["fintoc"]).WebhookSignature
        return signature.verify_header(message["body"], message["headers"]["fintoc-signature"], message["secret"])


class GoCardless:
    def verify(self, message):
        webhooks = load("gocardless_pro.webhooks", shut=["gocardless_pro", "gocardless_pro.resources"])
        webhooks.parse_with_meta(message["body"], message["secret"], message["headers"]["webhook-signature"])
        return True


class MessageBird:
    def verify(self, message):
        validator = load("messagebird.request_validator", shut=["messagebird"]).RequestValidator(message["secret"])
        token = message["headers"]["messagebird-signature-jwt"]
        return bool(validator.validate_signature(token, message["url"], message["body"].encode()))


class Paddle:
    notifications = staticmethod(lambda: load("paddle_billing.Notifications", shut=["paddle_billing"]))

    def sign(self, message):
        content = f"{message['seconds']}:{message['body']}".encode()
        signature = self.notifications().PaddleSignature.calculate_hmac(message["secret"], content).hexdigest()
        return {"headers": {"Paddle-Signature": f"ts={message['seconds']};h1={signature}"}}

    def verify(self, message):
        library = self.notifications()
        request = types.SimpleNamespace(headers=Headers(message["headers"]), body=message["body"].encode())
        return library.Verifier().verify(request, library.Secret(message["secret"]))


class Plivo:
    """Version 3 signs URL, query and form; version 2 (`version`) the URL without its query."""

    def sign(self, message):
        load("plivo.utils", shut=["plivo"])
        security = load("plivo.utils.signature_v3")
        if message["method"] == "GET":
            content = security.construct_get_url(message["url"], {})
        else:
            content = security.construct_post_url(message["url"], form(message))
        signature = security.get_signature_v3(message["secret"].encode(), content.decode(), message["id"])
        return {"headers": {"X-Plivo-Signature-V3": signature.decode(), "X-Plivo-Signature-V3-Nonce": message["id"]}}

    def verify(self, message):
        utils = load("plivo.utils", shut=["plivo"])
        headers = message["headers"]
        if message.get("version") == 2:
            nonce, signature = headers["x-plivo-signature-v2-nonce"], headers["x-plivo-signature-v2"]
            return utils.validate_signature(message["url"], nonce, signature, message["secret"])
        return utils.validate_v3_signature(
            message["method"],
            message["url"],
            headers["x-plivo-signature-v3-nonce"],
            message["secret"],
            headers["x-plivo-signature-v3"],
            form(message),
        )


class Polar:
    def verify(self, message):
        webhooks = load("polar.webhooks", shut=["polar"], names={"polar.base": {"PolarError": Exception}})
        types_known = frozenset([json.loads(message["body"])["type"]])
        event = webhooks.validate_event(message["body"], message["headers"], message["secret"], types_known, dict)
        return bool(event)


class Pusher:
    def sign(self, message):
        load("pusher")
        signature = load("pusher.signature").sign(message["secret"], message["body"])
        return {"headers": {"X-Pusher-Key": message["key"], "X-Pusher-Signature": signature}}

    def verify(self, message):
        client = load("pusher").Pusher("1", message["key"], message["secret"])
        signature = message["headers"]["x-pusher-signature"]
        return client.validate_webhook(message["key"], signature, message["body"]) is not None


class Razorpay:
    def verify(self, message):
        utility = load("razorpay.utility.utility", shut=["razorpay", "razorpay.utility"]).Utility()
        signature = message["headers"]["x-razorpay-signature"]
        return utility.verify_webhook_signature(message["body"], signature, message["secret"])


class Shopify:
    def verify(self, message):
        webhook = load("shopify_app.verify.webhook", shut=["shopify_app", "shopify_app.verify"])
        return webhook.verify_webhook_req(message, {"client_secret": message["secret"]}).ok


class Slack:
    verifier = staticmethod(
        lambda message: load("slack_sdk.signature", shut=["slack_sdk"]).SignatureVerifier(message["secret"])
    )

    def sign(self, message):
        timestamp = str(message["seconds"])
        signature = self.verifier(message).generate_signature(timestamp=timestamp, body=message["body"])
        return {"headers": {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}}

    def verify(self, message):
        return self.verifier(message).is_valid_request(message["body"], message["headers"])


class Square:
    def verify(self, message):
        helper = load("square.utils.webhooks_helper", shut=["square", "square.utils"])
        return helper.verify_signature(
            request_body=message["body"],
            signature_header=message["headers"]["x-square-hmacsha256-signature"],
            signature_key=message["secret"],
            notification_url=message["url"],
        )


class StandardWebhooks:
    """What Supabase's page has its users verify with, after the prefix of its own is cut off."""

    webhook = staticmethod(lambda message: load("standardwebhooks").Webhook(message["secret"].removeprefix("v1,")))

    def sign(self, message):
        import datetime

        at = datetime.datetime.fromtimestamp(message["seconds"], datetime.timezone.utc)
        signature = self.webhook(message).sign(message["id"], at, message["body"])
        names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        return {"headers": dict(zip(names, [message["id"], str(message["seconds"]), signature]))}

    def verify(self, message):
        self.webhook(message).verify(message["body"], message["headers"])
        return True


class Telnyx:
    def verify(self, message):
        webhook = load("telnyx.webhook", shut=["telnyx"])
        sys.modules["telnyx"].public_key = message["secret"]
        signature, timestamp = (message["headers"][f"telnyx-{name}"] for name in ["signature-ed25519", "timestamp"])
        return webhook.WebhookSignature.verify(message["body"], signature, timestamp, 300)


class Twilio:
    """`settings`: what stands in the header that names another algorithm than SHA-1."""

    @staticmethod
    def parts(message):
        library = load("twilio.request_validator")
        algorithm = library.get_signature_algorithm(message.get("settings"))
        is_json = "bodySHA256" in urlparse(message["url"]).query
        parameters = message["body"] if is_json else form(message)
        return library, library.RequestValidator(message["secret"]), parameters, algorithm

    def sign(self, message):
        library, validator, parameters, algorithm = self.parts(message)
        signed = {} if isinstance(parameters, str) else parameters
        headers = {library.SIGNATURE_HEADER: validator.compute_signature(message["url"], signed, algorithm)}
        if message.get("settings"):
            headers[library.SIGNATURE_SETTINGS_HEADER] = message["settings"]
        return {"headers": headers}

    def verify(self, message):
        _, validator, parameters, algorithm = self.parts(message)
        return validator.validate(message["url"], parameters, message["headers"]["x-twilio-signature"], algorithm)


class Vonage:
    def verify(self, message):
        errors = {"vonage_utils": {"VonageError": Exception}}
        library = load("vonage_jwt.verify_jwt", shut=["vonage_jwt"], names=errors)
        token = message["headers"]["authorization"].removeprefix("Bearer ")
        return library.verify_signature(token, message["secret"])


class Worldline:
    def verify(self, message):
        sdk = "worldline.connect.sdk"
        store = load(f"{sdk}.webhooks.in_memory_secret_key_store").InMemorySecretKeyStore()
        store.store_secret_key("the-key", message["secret"])
        request_header = load(f"{sdk}.communication.request_header").RequestHeader
        given = {"x-gcs-keyid": "the-key", **message["headers"]}
        headers = [request_header(name, value) for name, value in given.items()]
        validator = load(f"{sdk}.webhooks.signature_validator").SignatureValidator(store)
        validator.validate(message["body"].encode(), headers)
        return True


SDKS = {
    "Adyen": Adyen,
    "boxsdk": Box,
    "castle": Castle,
    "coinbase-commerce": CoinbaseCommerce,
    "connect-sdk-python3": Worldline,
    "dropbox-sign": DropboxSign,
    "easypost": EasyPost,
    "fintoc": Fintoc,
    "gocardless_pro": GoCardless,
    "messagebird": MessageBird,
    "paddle-python-sdk": Paddle,
    "plivo": Plivo,
    "polar-sdk": Polar,
    "pusher": Pusher,
    "razorpay": Razorpay,
    "shopifyapp": Shopify,
    "slack_sdk": Slack,
    "squareup": Square,
    "standardwebhooks": StandardWebhooks,
    "telnyx": Telnyx,
    "twilio": Twilio,
    "vonage-jwt": Vonage,
}


def answer(question):
    call = getattr(SDKS[question["sdk"]](), question["call"])
    if question["call"] == "sign":
        return call(question["message"])
    return {"genuine": bool(call(question["message"]))}


# What an SDK prints must not pass for an answer.
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    try:
        said = answer(json.loads(line))
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said), file=answers, flush=True)
