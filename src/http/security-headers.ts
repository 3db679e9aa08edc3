import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // It would bind browsers to HTTPS on every port of the host name, which is the operator's to decide.
  strictTransportSecurity: false,
});

/** Helmet's headers. They are the same for every answer, so they are worked out once and not for each request. */
export const securityHeaders: readonly (readonly [string, string])[] = captureHeaders();

function captureHeaders(): [string, string][] {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  protect(response.req, response, () => undefined);
  return Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]);
}
