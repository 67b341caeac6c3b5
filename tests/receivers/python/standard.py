"""VideoVector and Ssemble print no verification: they sign as Standard Webhooks, whose own library is the judge."""
import os
from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

app = Flask(__name__)

@app.post("/webhooks/<product>")
def webhook(product):
    secret = os.environ[f"{product.upper()}_WEBHOOK_SECRET"]
    try:
        Webhook(secret).verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError as error:
        return str(error), 401
    return "ok", 200
