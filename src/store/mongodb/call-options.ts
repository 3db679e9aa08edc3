/** Options of calls, by kind. */
import { limits } from '../../core/limits.ts';

/** The server gives up by itself what its caller has given up. */
export const LIMITS = { maxTimeMS: limits.mongoAnswerTimeoutMs } as const;

/** … and an answer of many documents comes in one piece; unless told, the server's first one has 101. */
export const READING = { ...LIMITS, batchSize: 10_000 } as const;

/** Writes of a batch do not depend on each other, and the rest shall be tried where one fails. */
export const UNORDERED = { ...LIMITS, ordered: false } as const;
