// The same with the library that Standard Webhooks has for a language, where a profile signs as that says.
import { program } from "./plan.js";

const STANDARD = {
  algorithm: "hmac-sha256",
  secretEncoding: "base64",
  content: "{id}.{timestamp}.{body}",
  encoding: "base64",
  header: "webhook-signature",
  format: "v1,{signature}",
  separator: " ",
  timestampHeader: "webhook-timestamp",
  idHeader: "webhook-id",
};

/** Whether the libraries verify what is signed so. They know no public keys. */
export function isStandard(scheme, publicKey) {
  const same = ([name, value]) => (scheme[name] ?? "").toLowerCase() === value.toLowerCase();
  return !publicKey && Object.entries(STANDARD).every(same) && (scheme.timestampFormat ?? "seconds") === "seconds";
}

export const nodeLibrary = {
  id: "node-library",
  name: "Node.js, standardwebhooks",
  file: "receiver.mjs",
  install: "npm install standardwebhooks",
  run: "node receiver.mjs",
  write: () =>
    program(
      'import { createServer } from "node:http";',
      'import { Webhook } from "standardwebhooks";',
      "",
      "const { WEBHOOK_SECRET: secret, PORT: port = 3000 } = process.env;",
      "const webhook = new Webhook(secret);",
      "",
      "createServer((request, response) => {",
      "  const chunks = [];",
      '  request.on("data", (chunk) => chunks.push(chunk));',
      '  request.on("end", () => {',
      "    try {",
      "      const event = webhook.verify(Buffer.concat(chunks), request.headers);",
      "      // The event is yours.",
      "      response.writeHead(204).end();",
      "    } catch {",
      "      response.writeHead(401).end();",
      "    }",
      "  });",
      "}).listen(port);",
    ),
};

export const pythonLibrary = {
  id: "python-library",
  name: "Python, standardwebhooks",
  file: "receiver.py",
  install: "pip install standardwebhooks",
  run: "python3 receiver.py",
  write: () =>
    program(
      "import os",
      "from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer",
      "",
      "from standardwebhooks import Webhook, WebhookVerificationError",
      "",
      'webhook = Webhook(os.environ["WEBHOOK_SECRET"])',
      "",
      "",
      "class Receiver(BaseHTTPRequestHandler):",
      "    def do_POST(self):",
      '        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))',
      "        try:",
      "            event = webhook.verify(body, dict(self.headers))",
      "            # The event is yours.",
      "            self.send_response(204)",
      "        except (WebhookVerificationError, ValueError):",
      "            self.send_response(401)",
      "        self.end_headers()",
      "",
      "",
      'ThreadingHTTPServer(("", int(os.environ.get("PORT", 3000))), Receiver).serve_forever()',
    ),
};
