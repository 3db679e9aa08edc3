import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { RegistryHealth } from '../../src/core/schema-types.ts';
import { answer, behaviours, startBadRegistry, type BadRegistry } from '../support/bad-registry.ts';
import { makeCertificate } from '../support/certificates.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { call, newRecord } from '../support/requests.ts';
import { startService, temporaryFolder, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** Names that would break out of a label, were they not escaped, and how the text format writes them. */
const hostile: readonly (readonly [string, string])[] = [
  ['"quoted"} 1', '\\"quoted\\"} 1'],
  ['back\\slash\\', 'back\\\\slash\\\\'],
  ['line\nbreak 1\n# TYPE x counter', 'line\\nbreak 1\\n# TYPE x counter'],
  ['\\n is not a line', '\\\\n is not a line'],
  ['naïve – 🚢', 'naïve – 🚢'],
  ['comma,name="x"', 'comma,name=\\"x\\"'],
  ['tab\tand\rreturn', 'tab\tand\rreturn'],
];

let folder: string;
let service: TestService;
let works: BadRegistry;
let fails: BadRegistry;
let secure: BadRegistry;

beforeAll(async () => {
  folder = await temporaryFolder();
  const certificate = makeCertificate({ commonName: 'registry.test', names: ['127.0.0.1'] });
  [works, fails, secure] = await Promise.all([
    startBadRegistry({ behaviour: behaviours.works }),
    startBadRegistry({ behaviour: answer('503 Service Unavailable') }),
    startBadRegistry({ behaviour: behaviours.works, certificate }),
  ]);
  service = await startService({ DATA_DIR: folder });
  const add = async (id: string, url: string, more = {}): Promise<void> => {
    const body = newRecord(id, { container_registry_public_url: url, ...more });
    expect((await call(service.url, 'POST', '/container_registry', { body })).status).toBe(201);
  };
  for (const [n, [name]] of hostile.entries()) await add(`hostile-${n}`, works.url, { container_registry_name: name, container_registry_storage_info: { registry_type: n % 2 === 0 ? 'aios' : 'external' } });
  await add('failing', fails.url);
  await add('secure', secure.url, { container_registry_config: { health: { ca: certificate.certPem } } });
  await add('unprobed', works.url, { container_registry_config: { health: { enabled: false } } });
  await until(async () => {
    const found = (await call(service.url, 'GET', '/container_registries/health')).body.data as RegistryHealth[];
    return found.every(({ id, cause, status }) => (id === 'failing' ? status === 'down' : id === 'unprobed' ? cause === 'paused' : status === 'up'));
  });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([works, fails, secure].map((registry) => registry.close()));
});

const expose = async (of = service): Promise<string> => (await call(of.url, 'GET', '/metrics')).text;
const linesOf = (text: string, metric: string): string[] => text.split('\n').filter((line) => line.startsWith(`${metric}{`));

describe('metrics of registries', () => {
  it('keep names apart from the format, whatever they contain', async () => {
    const text = await expose();
    for (const [n, [, escaped]] of hostile.entries()) {
      const type = n % 2 === 0 ? 'aios' : 'external';
      expect(text).toContain(`portolan_registry_up{id="hostile-${n}",name="${escaped}",url="${works.url}",type="${type}",vantage="default"} 1\n`);
    }
    for (const line of text.split('\n').filter((each) => each !== '')) expect(line).toMatch(/^(?:# (?:HELP|TYPE) portolan_\w+ .+|portolan_\w+(?:\{.*\})? [-+\d.eE]+)$/su);
  });

  it('tell what each registry is like', async () => {
    const text = await expose();
    expect(text).toContain(`portolan_registry_up{id="failing",name="registry failing",url="${fails.url}",type="unknown",vantage="default"} 0\n`);
    expect(linesOf(text, 'portolan_registry_up').some((line) => line.includes('"unprobed"'))).toBe(false);
    expect(linesOf(text, 'portolan_registry_verdict')).toHaveLength(hostile.length + 3);
    expect(text).toContain('portolan_registry_verdict{id="unprobed",vantage="default",verdict="unknown"} 1\n');
    expect(linesOf(text, 'portolan_registry_certificate_expiry_timestamp_seconds').map((line) => /id="([^"]+)"/.exec(line)?.[1])).toEqual(['secure']);
    const [probedAtS] = linesOf(text, 'portolan_registry_last_probe_timestamp_seconds').map((line) => Number(line.split(' ').at(-1)));
    expect(Math.abs(Date.now() / 1000 - probedAtS!)).toBeLessThan(60);
    expect(text).toContain('portolan_registries_without_metrics 0\n');
    for (const phase of ['connect', 'tls', 'first_byte', 'total']) expect(text).toMatch(new RegExp(`^portolan_probe_duration_seconds_count\\{phase="${phase}"\\} [1-9]`, 'm'));
    expect(text).toMatch(/^portolan_probes_in_flight \d+$/m);
  });

  it('forget a registry whose record is gone, and the name that one had before', async () => {
    const body = newRecord('passing', { container_registry_name: 'before', container_registry_public_url: works.url });
    await call(service.url, 'POST', '/container_registry', { body });
    await until(async () => (await expose()).includes('name="before"'));
    await call(service.url, 'PUT', '/container_registry/passing', { body: { container_registry_name: 'after' } });
    const renamed = await expose();
    expect(renamed).toContain('name="after"');
    expect(renamed).not.toContain('name="before"');
    await call(service.url, 'DELETE', '/container_registry/passing');
    expect(await expose()).not.toContain('"passing"');
  });
});

describeWithPeer('promtool', 'promtool, on metrics of registries', () => {
  it('finds nothing to complain of', async () => {
    const { status, stdout, stderr } = spawnSync(join(requirePeer('promtool'), 'promtool'), ['check', 'metrics'], { input: await expose(), encoding: 'utf8', timeout: 20_000 });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });
});

describe('METRICS_REGISTRIES_MAX', () => {
  const restart = async (most: string): Promise<string> => {
    await service.stop();
    service = await startService({ DATA_DIR: folder, METRICS_REGISTRIES_MAX: most });
    return expose();
  };

  it('leaves out what is beyond, in the order of ids, and says how many', async () => {
    const text = await restart('3');
    expect(linesOf(text, 'portolan_registry_verdict').map((line) => /id="([^"]+)"/.exec(line)?.[1])).toEqual(['failing', 'hostile-0', 'hostile-1']);
    expect(text).toContain(`portolan_registries_without_metrics ${hostile.length + 3 - 3}\n`);
  });

  it('of 0 leaves out all of them', async () => {
    const text = await restart('0');
    expect(text).not.toMatch(/portolan_registry_(?:up|verdict)\{/);
    expect(text).toContain(`portolan_registries_without_metrics ${hostile.length + 3}\n`);
    expect(text).toContain('portolan_build_info');
  });
});
