"""What schemathesis has to be told because JSON Schema has no words for it.

It makes requests from the document alone. Whatever fits the document is brought to fit the rules that the document
states in prose (a secret of the profile's form, a header once whatever its case, lengths in bytes), and ids that could
be anybody's become those of things that are there. What does not fit the document stays as it is, and has to be refused.
"""

import itertools
import json
import os
import re
import time

import schemathesis

# Ids of things that are there, by the path that they are asked for at.
PREPARED = json.loads(os.environ["SIGNET_PREPARED"])
# Where everything is sent: nothing leaves this machine.
RECEIVER = os.environ["SIGNET_RECEIVER"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = re.compile(r"^https?://[^/\\?#@]+([/\\?#].*)?$", re.IGNORECASE | re.DOTALL)
NAME = re.compile(r"^[a-z][a-z0-9_-]{0,63}$")
ID = re.compile(r"^[a-z]+_[0-9a-hjkmnp-tv-z]{28}$")
TOKEN = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$")
TIME = re.compile(r"^(19[7-9]|[2-9]\d\d)\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d")
DATE = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$")
# Profiles whose secrets have the same form.
PROFILES = ["standard", "videovector", "ssemble"]
HMAC = ["hmac-sha256", "hmac-sha1", "hmac-sha384", "hmac-sha512", "hmac-md5"]

numbers = itertools.count()


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """A batch as it goes out: what is no text either is a line of its own."""
    return (value if isinstance(value, str) else json.dumps(value)).encode()


@schemathesis.hook
def before_call(context, case, kwargs):
    place = case.operation.path
    aim(case, place)
    if case.media_type == "application/x-ndjson" and isinstance(case.body, str) and not case.body.strip():
        case.body = "{}"
    if isinstance(case.body, dict):
        case.body = whole(case.body)
        mend(case.body, place, case.path_parameters or {})


def aim(case, place):
    """Names what is there: an application, a thing, a page."""
    headers = case.headers or {}
    if ID.match(headers.get("Signet-Application") or ""):
        headers["Signet-Application"] = "default"
    query = case.query or {}
    if place in ("/v1/profiles", "/v1/providers") and query.get("cursor"):
        del query["cursor"]
    if place.endswith("/stats"):
        for name, value in {"since": "2020-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"}.items():
            if fits(query.get(name), DATE):
                query[name] = value
        # Few enough parts of that.
        interval = str(query.get("interval"))
        if re.fullmatch(r"[1-9][0-9]{0,7}", interval) and int(interval) <= 31536000:
            query["interval"] = "31536000"
    if place == "/v1/deliveries" and query.get("retrying") == "true":
        if set(query) - {"retrying", "subscription", "source", "limit"}:
            del query["retrying"]
    known = PREPARED.get(place)
    # What is deleted was made by an earlier step, or never was.
    follows = case.meta is not None and case.meta.phase.name.value == "stateful"
    if known and case.method.upper() != "DELETE" and not follows:
        for name, value in (case.path_parameters or {}).items():
            if isinstance(value, str) and (ID.match(value) or name == "name" and NAME.match(value)):
                case.path_parameters[name] = known[next(numbers) % len(known)]


def mend(body, place, path):
    for name in ("url", "webhookUrl", "origin", "publicUrl"):
        if fits(body.get(name), URL) and not (place.endswith("/explain")):
            body[name] = f"{RECEIVER}/{next(numbers)}"
    if place == "/v1/api-keys" and (body.get("events") or body.get("profile")) and not body.get("webhookUrl"):
        body["webhookUrl"] = RECEIVER
    if fits(body.get("profile"), NAME):
        body["profile"] = PROFILES[next(numbers) % len(PROFILES)]
    if fits(body.get("deliverAt"), TIME):
        body["deliverAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    if fits(body.get("since"), DATE) and fits(body.get("until"), DATE):
        body.update(since="2020-01-01T00:00:00Z", until="2099-01-01T00:00:00Z")
    if place in ("/v1/deliveries/retry", "/v1/deliveries/cancel") and body and all(one is None for one in body.values()):
        body["since"] = "2020-01-01T00:00:00Z"
    # An order is kept by one shard alone, and the subscription may have had several, or an order, before.
    shards = body.get("shards")
    is_number = type(shards) is int and 1 <= shards <= 32
    if body.get("ordered") is True and (shards is None or is_number):
        body["shards"] = 1
    elif body.get("ordered") is None and is_number:
        body["ordered"] = False
    if isinstance(body.get("secret"), str):
        body["secret"] = SECRET
        if body.get("secretType") in ("shared", "ed25519"):
            body["secretType"] = None
    for name in ("filter", "attributes"):
        if isinstance(body.get(name), dict):
            body[name] = {shortened(key): shortened(value) for key, value in body[name].items()}
    if isinstance(body.get("headers"), dict) and not place.endswith("/explain"):
        body["headers"] = {own(key): plain(value) for key, value in body["headers"].items()}
    if place.startswith("/v1/sources"):
        mend_source(body, place)
    if place.startswith("/v1/profiles"):
        mend_profile(body, path)


def mend_source(body, place):
    if isinstance(body.get("provider"), str) and re.match(r"^[a-z][a-z0-9-]+$", body["provider"]):
        body["provider"] = "github"
    elif isinstance(body.get("provider"), dict) and isinstance(body["provider"].get("signature"), dict):
        scheme = body["provider"]["signature"]
        if isinstance(scheme.get("content"), str) and len(scheme["content"]) <= 256:
            scheme["content"] = "{body}"
        mend_scheme(scheme)
    secrets = body.get("secrets")
    if "provider" in body and (secrets is None or secrets == []):
        body["secrets"] = ["s3cret"]
    elif isinstance(secrets, list) and len(secrets) <= 20 and all(isinstance(one, str) for one in secrets):
        body["secrets"] = ["s3cret"] * max(len(secrets), 1)
    elif "secrets" in body and secrets is None:
        body["secrets"] = ["s3cret"]
    options = body.get("options")
    kept = (None,) if place.endswith("/{id}") else ()
    if isinstance(options, dict) and all(one in kept or is_text(one, 2048) for one in options.values()):
        body["options"] = {}
    route = body.get("route")
    if isinstance(route, dict) and set(route) == {"host", "path"}:
        if isinstance(route["host"], str) and route["host"]:
            route["host"] = f"host-{next(numbers)}.example.com"
        if isinstance(route["path"], str) and re.match(r"^/[^?#]*$", route["path"]) and len(route["path"]) <= 1024:
            route["path"] = f"/{next(numbers)}"


def mend_profile(body, path):
    if fits(body.get("name"), NAME):
        body["name"] = path.get("name")
    if isinstance(body.get("signature"), dict):
        mend_scheme(body["signature"])
    if fits(body.get("secretFormat"), re.compile(r"^[A-Za-z0-9_-]{0,32}\{(base64|hex)\}$")):
        body["secretFormat"] = "whsec_{base64}"
    if "body" in body:
        body["body"] = plain(body["body"])


def mend_scheme(scheme):
    """A scheme whose parts go together; what stands alone stays."""
    if isinstance(scheme.get("content"), str) and len(scheme["content"]) <= 256 and "{body}" in scheme["content"]:
        scheme["content"] = "{body}"
    if fits(scheme.get("format"), re.compile(r"^[ -~]*\{signature\}[ -~]*$")) and len(scheme["format"]) <= 256:
        scheme["format"] = "v1={signature}"
    for name, header in {"header": "X-Sig", "timestampHeader": "X-Time", "idHeader": "X-Id"}.items():
        if fits(scheme.get(name), TOKEN):
            scheme[name] = header
    more = scheme.get("moreHeaders")
    if isinstance(more, list) and len(more) <= 16 and all(fits(one, TOKEN) for one in more):
        scheme["moreHeaders"] = [f"X-Sig-{at}" for at in range(len(more))]
    if isinstance(scheme.get("algorithm"), str) and re.match(r"^[a-z]+[a-z0-9-]*$", scheme["algorithm"]):
        scheme["algorithm"] = HMAC[next(numbers) % len(HMAC)]
    if scheme.get("secretEncoding") in (None, "base64", "hex", "whsec"):
        scheme["secretEncoding"] = "utf8"
    if scheme.get("encoding") == "text":
        scheme["encoding"] = "hex"


def whole(value):
    """Whole numbers without a fraction: to JSON Schema 1.0 is one too."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [whole(one) for one in value]
    return {key: whole(one) for key, one in value.items()} if isinstance(value, dict) else value


def is_text(value, longest):
    return isinstance(value, str) and 0 < len(value) <= longest


def fits(value, pattern):
    return isinstance(value, str) and pattern.match(value) is not None


def shortened(value):
    """A text of at most 256 characters with at most 256 bytes."""
    if isinstance(value, str):
        return value[:64] if len(value) <= 256 else value
    return [shortened(one) for one in value] if isinstance(value, list) else value


def own(name):
    """A header's name that is nobody else's."""
    return f"X-{next(numbers)}" if TOKEN.match(name) else name


def plain(value):
    """A template without placeholders."""
    if isinstance(value, str):
        return value.replace("{", "(")
    if isinstance(value, list):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value
