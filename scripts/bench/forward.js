// The yardstick for the proxy: the least a JavaScript Worker can do. It verifies nothing and remembers nothing.
export default {
  fetch: (request, env) => fetch(env.ORIGIN, request),
};
