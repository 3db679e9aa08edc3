import { readFileSync } from 'node:fs';
import { AppError, errorTable, type ErrorCode, type ErrorRow } from '../../../src/core/errors.ts';
import { buildErrorsMarkdown } from '../../../src/http/docs-page.ts';

const codes = Object.keys(errorTable) as ErrorCode[];
const rows: Readonly<Record<string, ErrorRow>> = errorTable;

describe('the table of errors', () => {
  it('docs/errors.md lists every code and is the one that is generated', () => {
    const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
    expect(codes.filter((code) => !text.includes(`| ${errorTable[code].status} | \`${code}\` |`))).toEqual([]);
    expect(text).toBe(buildErrorsMarkdown());
  });

  it.each(codes)('%s has an error status, a remedy that is a sentence, and no cell that would break the page', (code) => {
    const { status, meaning, remedy } = rows[code]!;
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
    expect(`${meaning}${remedy}`).not.toMatch(/[|\n<>]/);
  });

  it('calls retryable nothing that the caller must change first', () => {
    const retryable = codes.filter((code) => errorTable[code].retryable);
    expect(retryable.filter((code) => errorTable[code].status < 422)).toEqual([]);
    expect(retryable).toEqual(expect.arrayContaining(['RATE_LIMITED', 'STORE_UNAVAILABLE', 'OVERLOADED', 'NOT_READY', 'STORE_FULL']));
  });
});

describe('AppError', () => {
  it('says what the table says when it is given no sentence of its own', () => {
    const error = new AppError('RECORD_NOT_FOUND');
    expect([error.status, error.message, error.details, error.retryAfterS]).toEqual([404, 'No document found', [], undefined]);
  });

  it('keeps its cause for the log', () => {
    const cause = new Error('connection refused');
    const error = new AppError('STORE_UNAVAILABLE', 'The store does not answer.', { cause, retryAfterS: 2, details: [{ path: 'store', message: 'is away' }] });
    expect([error.cause, error.retryAfterS, error.details]).toEqual([cause, 2, [{ path: 'store', message: 'is away' }]]);
  });
});
