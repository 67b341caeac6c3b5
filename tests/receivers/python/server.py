"""The Python receivers of all products, one Flask app each, behind one port. Prints that port."""
import os
import sys
import threading
from werkzeug.serving import make_server

import clipcabinet
import playcut
import sketchpen
import standard

ROUTES = {
    "/webhooks/playcut": playcut.app,
    "/webhook": sketchpen.app,
    "/hooks/clipcabinet": clipcabinet.app,
}


def dispatch(environ, start_response):
    app = ROUTES.get(environ["PATH_INFO"], standard.app)
    return app(environ, start_response)


def end_with_the_test():
    """The test that started this process holds its standard input: when the test is gone, so is the receiver."""
    sys.stdin.read()
    os._exit(0)


server = make_server("127.0.0.1", 0, dispatch, threaded=True)
print(f"listening on {server.server_port}", flush=True)
threading.Thread(target=end_with_the_test, daemon=True).start()
server.serve_forever()
