// What an attempt came to, in words that follow on who was asked.
const ERRORS = {
  timeout: "did not answer in time",
  connection: "could not be reached",
  tls: "could not be reached over TLS",
  dns: "has a name that leads nowhere",
  blocked_address: "is at an address that Signet does not deliver to",
};

/** @param {{responseStatus: number | null, error: string | null}} attempt */
export const outcome = ({ responseStatus, error }) =>
  responseStatus === null ? (ERRORS[error] ?? "could not be reached") : `answered ${responseStatus}`;
