import { gunzipSync } from 'node:zlib';
import { get as httpGet } from 'node:http';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
const count = 30;
const idOf = (n: number): string => `r${String(n).padStart(3, '0')}`;

beforeAll(async () => {
  service = await startService();
  for (let n = 0; n < count; n++) {
    const more = {
      container_registry_tags: [n % 2 === 0 ? 'even' : 'odd', ...(n % 10 === 0 ? ['ten'] : [])],
      container_registry_metadata: { n, region: n < 10 ? 'us-west-2' : 'eu-north-1' },
      container_registry_storage_info: { registry_type: n < 5 ? 'aios' : 'external' },
      container_registry_config: { health: { enabled: false } },
    };
    expect((await call(service.url, 'POST', '/container_registry', { body: newRecord(idOf(n), more) })).status).toBe(201);
  }
});
afterAll(() => service.stop());

const query = (filter: unknown, parameters = ''): Promise<Reply> => call(service.url, 'POST', `/container_registries${parameters}`, { body: filter });
const ids = (reply: Reply): string[] => reply.body.data.map((record: any) => record.container_registry_id);
const nextOf = (reply: Reply): string | undefined => /<([^>]+)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1];

async function walk(path: string, body?: unknown): Promise<string[][]> {
  const pages: string[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const reply: Reply = await call(service.url, body === undefined ? 'GET' : 'POST', next, body === undefined ? {} : { body });
    expect(reply.status).toBe(200);
    pages.push(ids(reply));
    next = nextOf(reply);
  }
  return pages;
}

describe('POST /container_registries', () => {
  it('answers the reference’s filter', async () => {
    const reply = await query({ container_registry_tags: { $in: ['ten', 'absent'] } });
    expect(reply.status).toBe(200);
    expect(ids(reply)).toEqual(['r000', 'r010', 'r020']);
    expect(reply.body.data[0]).toMatchObject({ container_registry_name: 'registry r000', container_registry_metadata: { n: 0 } });
  });

  it('streams everything, by id, when there is no limit', async () => {
    const reply = await query({});
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(ids(reply)).toEqual(Array.from({ length: count }, (_unused, n) => idOf(n)));
  });

  it('answers an empty list when nothing matches', async () => {
    expect((await query({ container_registry_name: 'nobody' })).text).toBe('{"success":true,"data":[]}');
    expect((await query({ container_registry_name: 'nobody' }, '?limit=5')).text).toBe('{"success":true,"data":[]}');
  });

  it('pages by cursor, repeating and missing nothing', async () => {
    const pages = await walk('/container_registries?limit=7', { container_registry_tags: 'even' });
    expect(pages.map((page) => page.length)).toEqual([7, 7, 1]);
    expect(pages.flat()).toEqual(Array.from({ length: 15 }, (_unused, n) => idOf(n * 2)));
  });

  it('has no next page after a page that is exactly full', async () => {
    expect((await walk('/container_registries?limit=15', { container_registry_tags: 'even' })).map((page) => page.length)).toEqual([15]);
  });

  it('cuts a page of large records short, and its Link leads on', async () => {
    const text = 'x'.repeat(900_000);
    for (let n = 0; n < 12; n++) await call(service.url, 'POST', '/container_registry', { body: newRecord(`large-${n + 10}`, { container_registry_metadata: { text, large: true } }) });
    for (const order of ['', '&sort=container_registry_name']) {
      const pages = await walk(`/container_registries?limit=1000${order}`, { 'container_registry_metadata.large': true });
      expect(pages.map((page) => page.length)).toEqual([4, 4, 4]);
      expect(pages.flat()).toEqual(Array.from({ length: 12 }, (_unused, n) => `large-${n + 10}`));
    }
    for (let n = 0; n < 12; n++) await call(service.url, 'DELETE', `/container_registry/large-${n + 10}`);
  });

  it('sorts by any field, pages through the order, and breaks ties by id', async () => {
    const pages = await walk('/container_registries?sort=-container_registry_metadata.region,container_registry_metadata.n&limit=4', {});
    const expected = [...Array.from({ length: 10 }, (_unused, n) => n), ...Array.from({ length: 20 }, (_unused, n) => n + 10)].map(idOf);
    expect(pages.flat()).toEqual(expected);
    expect(ids(await query({}, '?sort=-container_registry_storage_info.registry_type&limit=2'))).toEqual(['r005', 'r006']);
  });

  it('sorts and filters by meta and health', async () => {
    expect(ids(await query({ 'meta.revision': 1, 'health.status': 'unknown' }, '?sort=-meta.created_at,-container_registry_id&limit=1'))).toHaveLength(1);
    expect(ids(await query({ 'health.status': 'up' }))).toEqual([]);
  });

  it('shows only the fields asked for, and always the id', async () => {
    const reply = await query({ container_registry_id: 'r000' }, '?fields=container_registry_metadata.n');
    expect(reply.body.data).toEqual([{ container_registry_id: 'r000', container_registry_metadata: { n: 0 } }]);
    const withMeta = await query({ container_registry_id: 'r000' }, '?fields=container_registry_name&include=meta');
    expect(withMeta.body.data[0].meta.revision).toBe(1);
    expect(Object.keys(withMeta.body.data[0])).toEqual(['container_registry_id', 'container_registry_name', 'meta']);
  });

  it('counts all matches only on demand', async () => {
    const counted = await query({ container_registry_tags: 'odd' }, '?limit=2&count=true');
    expect([ids(counted).length, counted.headers.get('x-total-count')]).toEqual([2, '15']);
    expect((await query({}, '?limit=2')).headers.get('x-total-count')).toBeNull();
  });

  it('refuses a cursor that is damaged or of another query', async () => {
    const next = nextOf(await query({ container_registry_tags: 'even' }, '?limit=3'))!;
    const other = await call(service.url, 'POST', next, { body: { container_registry_tags: 'odd' } });
    expect([other.status, other.body.code]).toEqual([400, 'INVALID_CURSOR']);
    const damaged = await query({ container_registry_tags: 'even' }, '?limit=3&cursor=abc');
    expect([damaged.status, damaged.body.code]).toEqual([400, 'INVALID_CURSOR']);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=5&limit=6', 'limit'],
    ['count=yes', 'count'],
    ['include=secrets', 'include'],
    ['include=', 'include'],
    ['page=2', 'page'],
    ['q=x', 'q'],
  ])('refuses the parameters %s', async (parameters, name) => {
    const { status, body } = await query({}, `?${parameters}`);
    expect([status, body.code, body.details[0].path]).toEqual([400, 'INVALID_PARAMETER', name]);
  });

  it.each(['sort=$where', 'sort=', 'sort=colour', 'sort=container_registry_name.__proto__', 'fields=colour', 'fields=health'])(
    'refuses %s',
    async (parameters) => {
      const { status, body } = await query({}, `?${parameters}`);
      expect([status, body.code]).toEqual([400, 'INVALID_PARAMETER']);
    },
  );

  it('refuses a sort by more than four fields', async () => {
    const { status, body } = await query({}, '?sort=a,b,c,d,e');
    expect([status, body.code, body.details[0].path]).toEqual([400, 'LIMIT_EXCEEDED', 'sort']);
  });

  it('streams compressed when asked', async () => {
    const { headers, bytes } = await new Promise<{ headers: Record<string, unknown>; bytes: Buffer }>((resolve, reject) => {
      httpGet(`${service.url}/container_registries`, { headers: { 'Accept-Encoding': 'gzip' } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }));
      }).on('error', reject);
    });
    expect([headers['content-encoding'], headers['vary']]).toEqual(['gzip', 'Accept-Encoding']);
    expect(JSON.parse(gunzipSync(bytes).toString()).data).toHaveLength(count);
  });
});

describe('GET /container_registries', () => {
  const list = (parameters: string): Promise<Reply> => call(service.url, 'GET', `/container_registries?${parameters}`);

  it('finds by tag, type and verdict together', async () => {
    expect(ids(await list('tag=ten'))).toEqual(['r000', 'r010', 'r020']);
    expect(ids(await list('tag=even&registry_type=aios'))).toEqual(['r000', 'r002', 'r004']);
    expect(ids(await list('health=unknown&tag=ten'))).toHaveLength(3);
    expect(ids(await list('health=up'))).toEqual([]);
  });

  it('finds words in ids, names, URLs and tags, whatever their case, and takes them literally', async () => {
    expect(ids(await list('q=REGISTRY%20R01&limit=3'))).toEqual(['r010', 'r011', 'r012']);
    expect(ids(await list('q=r021.example'))).toEqual(['r021']);
    expect(ids(await list('q=TEN'))).toEqual(['r000', 'r010', 'r020']);
    expect(ids(await list('q=.*'))).toEqual([]);
  });

  it('pages like the query of programs', async () => {
    expect((await walk('/container_registries?limit=11&tag=odd')).flat()).toHaveLength(15);
  });

  it('abuse 19: takes operators in the query string for unknown names', async () => {
    for (const parameters of ['tag[$ne]=x', 'tag=a&tag=b', 'tag[__proto__]=1', '__proto__[x]=1', '__proto__=1']) {
      const { status, body } = await list(parameters);
      expect([parameters, status, body.code]).toEqual([parameters, 400, 'INVALID_PARAMETER']);
    }
  });
});
