import { ClientError } from './errors.ts';

/** What is read of an error, whoever made it. */
interface Thrown {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

const thrownOf = (error: unknown): Thrown => (typeof error === 'object' && error !== null ? error : { message: String(error) });

/** Why no answer came, as a sentence. `error` is what fetch threw; the reason stands in its cause. */
export function transportError(error: unknown, serviceUrl: string, timeoutMs: number): ClientError {
  const { name, cause } = thrownOf(error);
  if (name === 'TimeoutError') return new ClientError('SERVICE_TIMEOUT', `${serviceUrl} did not answer within ${timeoutMs / 1000} s.`, { cause: error });
  const reason = thrownOf(cause ?? error);
  const code = typeof reason.code === 'string' ? reason.code : '';
  if (reason.name === 'HTTPParserError') return new ClientError('NOT_PORTOLAN', `What answers at ${serviceUrl} does not speak HTTP as it should.`, { cause: error });
  return new ClientError('SERVICE_AWAY', sentenceOf(code, String(reason.message), serviceUrl), { cause: error });
}

function sentenceOf(code: string, message: string, serviceUrl: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing answers at ${serviceUrl}.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `Nothing answers at ${serviceUrl}: its host’s name cannot be resolved.`;
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return `The connection to ${serviceUrl} broke off before the answer was whole.`;
    default:
      // OpenSSL's own messages are for those who develop it.
      if (code.startsWith('ERR_SSL_')) return `${serviceUrl} cannot be reached: the TLS handshake failed (${code}).`;
      return `${serviceUrl} cannot be reached: ${message}.`;
  }
}
