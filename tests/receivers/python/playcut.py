"""Playcut's page, its Flask receiver, as printed."""
import hmac, hashlib
import os
from flask import Flask, request

app = Flask(__name__)

@app.route("/webhooks/playcut", methods=["POST"])
def webhook():
    sig = request.headers.get("X-Playcut-Signature", "")
    secret = os.environ["PLAYCUT_WEBHOOK_SECRET"].encode()
    expected = "sha256=" + hmac.new(secret, request.data, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, sig):
        return "Invalid signature", 401
    event = request.get_json(force=True)
    # handle event...
    return {"ok": True}
