// Ports that a test may leave and take again.
import net from "node:net";

/**
 * A free port of 127.0.0.1 below the range that the system hands out for outgoing connections (32,768 and up):
 * there, a port given up for a moment can become some connection's local end, and can't be bound again.
 */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
