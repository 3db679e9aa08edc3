import { call, newRecord, type Reply } from './requests.ts';

/** The record that hostile requests aim at; it must come out of all of them as it went in. */
export const targetRecord = newRecord('target', {
  container_registry_metadata: { owner: 'ops', n: 1, long: `${'a'.repeat(50_000)}!`, list: [{ x: 1 }, { x: 2 }], deep: { a: { b: 1 } } },
  container_registry_tags: ['one', 'two'],
});

export const filterCodes = ['INVALID_FILTER', 'OPERATOR_NOT_ALLOWED'];
export const updateCodes = ['INVALID_UPDATE', 'INVALID_FILTER', 'OPERATOR_NOT_ALLOWED', 'INVALID_RECORD', 'IMMUTABLE_FIELD'];

/** Every way of asking for a list; they are answered by different code, so each must refuse. */
const listings = ['', '?limit=5', '?count=true&limit=1', '?sort=-container_registry_name', '?fields=container_registry_name&include=health,meta'];

export function expectRefusal(reply: Reply, codes: readonly string[], statuses: readonly number[] = [400]): void {
  expect(statuses).toContain(reply.status);
  expect(reply.body).toEqual({ success: false, error: expect.any(String), code: expect.any(String), details: expect.any(Array), request_id: expect.any(String) });
  expect(codes).toContain(reply.body.code);
}

export interface Refusals {
  /** Each takes the body as JSON text, which can say what no object literal can. */
  readonly find: (raw: string, parameters?: string) => Promise<Reply>;
  readonly update: (raw: string) => Promise<Reply>;
  readonly create: (raw: string) => Promise<Reply>;
  readonly stored: () => Promise<{ text: string; etag: string | null; count: number }>;
  /** The filter is refused by every listing, and no record comes back. */
  readonly refusesFilter: (filter: unknown, codes: readonly string[], statuses?: readonly number[]) => Promise<void>;
  /** The update is refused, and the record is byte for byte what it was. */
  readonly refusesUpdate: (input: unknown, codes: readonly string[], statuses?: readonly number[]) => Promise<void>;
  /** The record is refused, and nothing is stored. */
  readonly refusesRecord: (input: unknown, codes: readonly string[], statuses?: readonly number[]) => Promise<void>;
}

const textOf = (input: unknown): string => (typeof input === 'string' ? input : JSON.stringify(input));

/** Requests to the service at `url()` that holds `targetRecord` and no other. */
export function refusalsOf(url: () => string): Refusals {
  const find = (raw: string, parameters = ''): Promise<Reply> => call(url(), 'POST', `/container_registries${parameters}`, { raw });
  const update = (raw: string): Promise<Reply> => call(url(), 'PUT', '/container_registry/target', { raw });
  const create = (raw: string): Promise<Reply> => call(url(), 'POST', '/container_registry', { raw });
  const stored: Refusals['stored'] = async () => {
    const [read, all] = await Promise.all([call(url(), 'GET', '/container_registry/target'), call(url(), 'GET', '/container_registries')]);
    return { text: read.text, etag: read.headers.get('etag'), count: all.body.data.length };
  };
  const refusesChange = async (send: () => Promise<Reply>, codes: readonly string[], statuses?: readonly number[]): Promise<void> => {
    const before = await stored();
    expectRefusal(await send(), codes, statuses);
    expect(await stored()).toEqual(before);
  };
  return {
    find,
    update,
    create,
    stored,
    async refusesFilter(filter, codes, statuses) {
      for (const parameters of listings) {
        const reply = await find(textOf(filter), parameters);
        expectRefusal(reply, codes, statuses);
        expect(reply.text).not.toContain('registry target');
      }
    },
    refusesUpdate: (input, codes, statuses) => refusesChange(() => update(textOf(input)), codes, statuses),
    refusesRecord: (input, codes, statuses) => refusesChange(() => create(textOf(input)), codes, statuses),
  };
}
