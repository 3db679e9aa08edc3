import { randomUUID } from 'node:crypto';

/** What a record's id may look like when a client chooses it (design section 4). */
export const RECORD_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** A request id given by a caller is taken over only when it is short and harmless in a log line. */
const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;

export function newRequestId(offered: string | undefined): string {
  return offered !== undefined && REQUEST_ID_PATTERN.test(offered) ? offered : randomUUID();
}
