/** Where a connection ended. `policy`: it was not allowed, and nothing was sent. `certificate`: the server's was refused. */
export type DialPhase = 'policy' | 'dns' | 'connect' | 'tls' | 'certificate';

/** Why no connection came about. The message is a sentence for people; `code` is Node's or OpenSSL's word for it. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly phase: DialPhase;
  readonly code: string;

  constructor(phase: DialPhase, code: string, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.phase = phase;
    this.code = code;
  }
}

/** The `code` that Node and OpenSSL give their errors. */
export function codeOf(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
