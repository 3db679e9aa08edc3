import type { AuditEntry, StoredAuditEntry } from '../../core/audit.ts';
import { limits } from '../../core/limits.ts';
import type { AuditQuery } from '../../store/access-port.ts';
import type { Audit } from '../../telemetry/audit.ts';
import { success, successText, type Answer } from '../answer.ts';
import { invalid, type Parameter, type Query } from '../parameters.ts';
import type { RequestContext, RouteDefinition } from '../route.ts';
import { nullable, storeErrors } from './schemas.ts';
import { timeOf, timeParameter } from './time-parameter.ts';

const NDJSON = 'application/x-ndjson';

const text = (name: string, description: string, maxLength: number): Parameter => ({ name, description, schema: { type: 'string', maxLength } });

const parameters: readonly Parameter[] = [
  text('user', 'Done as this user, by session or token.', 64),
  text('record', 'Done to this record.', limits.idLengthMax),
  text('action', 'This action, or all of one kind: `record:update`, `record`.', 64),
  timeParameter('from', 'From this time on, ISO 8601.'),
  timeParameter('to', 'Before this time, ISO 8601.'),
  { name: 'limit', description: `Entries on a page at most. Default: ${limits.pageSizeDefault}; lines come without a limit unless one is given.`, schema: { type: 'integer', minimum: 1, maximum: limits.pageSizeMax } },
  text('cursor', 'Where the page begins: taken from the `Link` header of the page before.', 20),
  { name: 'order', description: 'Default: `latest_first`.', schema: { type: 'string', maxLength: 20, enum: ['latest_first', 'oldest_first'] } },
];

const entrySchema = {
  type: 'object',
  required: ['seq', 'hash', 'at', 'who', 'user', 'from', 'request_id', 'action', 'record', 'target', 'changes', 'outcome', 'code'],
  properties: {
    seq: { type: 'integer', description: 'Counts from 1 without gaps.' },
    hash: { type: 'string', description: 'Seals the entry together with all before it.' },
    at: { type: 'string' },
    who: { type: 'string', description: '`user:NAME`, `token:ID`, `local`, `anonymous` or `system`.' },
    user: nullable('string', 'Name of the user.'),
    from: { type: 'string', description: 'IP address; empty for what the service did by itself.' },
    request_id: { type: 'string' },
    action: { type: 'string' },
    record: nullable('string', 'Id of the record that it was done to.'),
    target: nullable('string', 'What else it was done to: a user’s name, a token’s id.'),
    changes: {
      type: 'array',
      items: { type: 'object', required: ['path'], properties: { path: { type: 'string' }, before: {}, after: {}, changed: { const: true } } },
      description: 'Fields before and after; of secrets and long values only that they `changed`.',
    },
    outcome: { enum: ['done', 'denied', 'failed'] },
    code: nullable('string', 'Code of the error that the caller got.'),
  },
} as const;

const verdictSchema = {
  type: 'object',
  required: ['ok', 'entries', 'from_seq', 'head'],
  properties: {
    ok: { type: 'boolean' },
    entries: { type: 'integer', description: 'How many there are.' },
    from_seq: { type: 'integer', description: 'Number of the first one that is still kept.' },
    head: { type: ['object', 'null'], properties: { seq: { type: 'integer' }, hash: { type: 'string' } }, description: 'The last entry. Kept elsewhere, it shows later that the end was not cut off.' },
    broken_at: { type: 'integer', description: 'Number of the first entry that is not what it was, or is missing.' },
    reason: { type: 'string' },
  },
} as const;

export function auditRoutes(audit: Audit): RouteDefinition[] {
  return [readRoute(audit), verifyRoute(audit)];
}

function readRoute(audit: Audit): RouteDefinition {
  return {
    method: 'GET',
    path: '/api/v1/audit',
    action: 'audit:read',
    operationId: 'readAudit',
    summary: 'What was done, by whom, when, from where',
    description: `Every write, login, denial and use of a credential. With \`Accept: ${NDJSON}\` all that match stream as lines of JSON, without the envelope.`,
    compressed: true,
    parameters,
    answers: {
      200: { description: 'The entries.', data: { type: 'array', items: entrySchema }, headers: ['Link'], alternative: { contentType: NDJSON, description: 'An entry on each line.' } },
    },
    errors: ['INVALID_CURSOR', 'TOO_MANY_STREAMS', ...storeErrors],
    async handle(context) {
      const query = queryOf(context.query);
      return context.header('accept')?.includes(NDJSON) === true ? linesAnswer(audit, query, context) : pageAnswer(audit, query, context);
    },
  };
}

type Conditions = Omit<AuditQuery, 'limit'>;

function queryOf(query: Query): Conditions {
  return {
    user: query['user'],
    record: query['record'],
    action: actionOf(query['action']),
    fromMs: timeOf(query, 'from'),
    toMs: timeOf(query, 'to'),
    order: query['order'] === 'oldest_first' ? 'oldest_first' : 'latest_first',
    afterSeq: seqOf(query['cursor']),
  };
}

function actionOf(word: string | undefined): string | undefined {
  if (word !== undefined && !/^[a-z_]+(?::[a-z_]+)?$/.test(word)) throw invalid('action', 'must be an action such as record:update, or a kind of actions such as record');
  return word;
}

function seqOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  if (!/^[1-9]\d{0,14}$/.test(cursor)) throw invalid('cursor', 'must be taken from the Link header of the page before');
  return Number(cursor);
}

async function pageAnswer(audit: Audit, query: Conditions, { query: given, url }: RequestContext): Promise<Answer> {
  const limit = Number(given['limit'] ?? limits.pageSizeDefault);
  // One more than asked for tells whether there is a next page.
  const found = await audit.read({ ...query, limit: limit + 1 });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const headers = found.length > limit && last !== undefined ? { Link: `<${withCursor(url, last.seq)}>; rel="next"` } : {};
  return successText(`[${shown.map(textOf).join()}]`, 200, headers);
}

function withCursor(url: string, seq: number): string {
  const [path = '', search] = url.split('?');
  const given = new URLSearchParams(search);
  given.set('cursor', String(seq));
  return `${path}?${given.toString()}`;
}

async function linesAnswer(audit: Audit, query: Conditions, context: RequestContext): Promise<Answer> {
  context.beginStream();
  const { limit } = context.query;
  const batches = batchesOf(audit, query, limit === undefined ? Infinity : Number(limit), context.signal);
  // The first batch is awaited here, so that a query that cannot begin is answered by an error.
  const first = await batches.next();
  return { status: 200, contentType: NDJSON, body: linesOf(first, batches) };
}

async function* batchesOf(audit: Audit, query: Conditions, countMax: number, signal: AbortSignal): AsyncGenerator<readonly StoredAuditEntry[], undefined> {
  let { afterSeq } = query;
  for (let left = countMax; left > 0 && !signal.aborted; ) {
    const limit = Math.min(left, limits.storeBatchRecords);
    const batch = await audit.read({ ...query, afterSeq, limit });
    if (batch.length > 0) yield batch;
    if (batch.length < limit) return;
    afterSeq = batch.at(-1)?.seq ?? null;
    left -= batch.length;
  }
}

async function* linesOf(first: IteratorResult<readonly StoredAuditEntry[], undefined>, batches: AsyncGenerator<readonly StoredAuditEntry[], undefined>): AsyncGenerator<string, void> {
  for (let next = first; next.done !== true; next = await batches.next()) yield next.value.map((entry) => `${textOf(entry)}\n`).join('');
}

/** An entry as it was sealed, with its number and hash in front. */
function textOf({ seq, hash, text: sealed }: StoredAuditEntry): string {
  return JSON.stringify({ seq, hash, ...(JSON.parse(sealed) as AuditEntry) });
}

function verifyRoute(audit: Audit): RouteDefinition {
  return {
    method: 'GET',
    path: '/api/v1/audit/verify',
    action: 'audit:read',
    operationId: 'verifyAudit',
    summary: 'Whether the audit is whole',
    description: 'Goes through the chain of hashes: no entry that is kept was changed or taken out unnoticed. That its end was not cut off, the `head` of an earlier check shows.',
    parameters: [],
    answers: { 200: { description: 'What was found.', data: verdictSchema } },
    errors: [...storeErrors],
    handle: async () => success(await audit.verify()),
  };
}
