"""ClipCabinet's page, its Python receiver, as printed."""
# Verify a ClipCabinet webhook signature in Python
import hmac
import hashlib
import os

SECRET = os.environ["CLIPCABINET_WEBHOOK_SECRET"] # whsec_...

def verify_clipcabinet_webhook(raw_body: bytes, signature_header: str) -> bool:
    if not signature_header.startswith("sha256="):
        return False
    expected = "sha256=" + hmac.new(
        SECRET.encode("utf-8"),
        raw_body,
        hashlib.sha256,
    ).hexdigest()
    return hmac.compare_digest(signature_header, expected)

# Flask example
from flask import Flask, request, abort
app = Flask(__name__)

@app.post("/hooks/clipcabinet")
def receive_clipcabinet_webhook():
    sig = request.headers.get("X-ClipCabinet-Signature", "")
    if not verify_clipcabinet_webhook(request.get_data(), sig):
        abort(401, "invalid signature")
    event = request.get_json(force=True)
    # ... handle event
    return ("ok", 200)
