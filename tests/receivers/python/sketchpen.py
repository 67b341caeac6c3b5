"""Sketchpen's page: verify_signature as printed. The page prints no route, so this one is the least there can be."""
import hmac
import hashlib
import os
from flask import Flask, request

def verify_signature(payload_str: str, signature_header: str, timestamp_header: str, secret: str) -> bool:
    message = f"{timestamp_header}.{payload_str}"
    expected = hmac.new(
        secret.encode('utf-8'),
        message.encode('utf-8'),
        hashlib.sha256
    ).hexdigest()
    
    expected_sig = f"sha256={expected}"
    return hmac.compare_digest(expected_sig, signature_header)

app = Flask(__name__)

@app.post("/webhook")
def webhook():
    signature = request.headers["X-Sketchpen-Signature"]
    timestamp = request.headers["X-Sketchpen-Timestamp"]
    payload = request.get_data(as_text=True)
    if not verify_signature(payload, signature, timestamp, os.environ["SKETCHPEN_WEBHOOK_SECRET"]):
        return "invalid signature", 401
    return "ok", 200
