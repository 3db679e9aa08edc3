import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeCertificate } from '../support/certificates.ts';
import { behaviours, startBadRegistry } from '../support/bad-registry.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { call, newRecord } from '../support/requests.ts';
import { startService, temporaryFolder } from '../support/service.ts';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const alerts = read('docs/prometheus/alerts.yaml');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const dashboard = JSON.parse(read('docs/grafana/portolan.json')) as { panels: Panel[]; templating: { list: { name: string; query: string | { query: string } }[] } };
const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const queries = dashboard.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query));

/** A selector: a metric, and the labels that it is narrowed by. */
interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

const selectorsOf = (text: string): Selector[] =>
  [...text.matchAll(/\b(portolan_\w+)(?:\{([^}]*)\})?/g)].map(([, metric = '', labels = '']) => ({ metric, labels: [...labels.matchAll(/(\w+)\s*[!=]/g)].map(([, label = '']) => label) }));

const groupings = (text: string): Selector[] =>
  [...text.matchAll(/by \(([^)]+)\)\s*\((?:rate\()?(portolan_\w+)/g)].map(([, labels = '', metric = '']) => ({ metric, labels: labels.split(/,\s*/) }));

/** Prometheus itself says where a sample comes from. */
const OWN_LABELS = ['instance', 'job'];

/** Each metric with the labels of its samples, as a service tells them that has probed a registry with TLS and keeps a credential for it. */
async function scrape(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const certificate = makeCertificate({ commonName: 'localhost', names: ['127.0.0.1'] });
  const registry = await startBadRegistry({ behaviour: behaviours.works, certificate });
  const service = await startService();
  try {
    const body = newRecord('watched', { container_registry_public_url: registry.url, container_registry_config: { health: { ca: certificate.certPem } } });
    await call(service.url, 'POST', '/container_registry', { body });
    const credential = { username: 'robot', password: 'harbour', expires_at: new Date(Date.now() + 86_400_000).toISOString() };
    await call(service.url, 'PUT', '/container_registry/watched/credentials', { body: credential });
    const expose = async (): Promise<string> => (await fetch(`${service.url}/metrics`)).text();
    await until(async () => (await expose()).includes('portolan_registry_certificate_expiry_timestamp_seconds{'));
    const labels = new Map<string, Set<string>>();
    for (const [, metric = '', inside = ''] of (await expose()).matchAll(/^(portolan_\w+)(?:\{(.*)\})? /gm)) {
      const known = labels.get(metric) ?? new Set(OWN_LABELS);
      for (const [, label = ''] of inside.matchAll(/(\w+)="/g)) known.add(label);
      labels.set(metric, known);
    }
    return labels;
  } finally {
    await service.stop();
    await registry.close();
  }
}

describe('the alerts and the dashboard', () => {
  let exposed: ReadonlyMap<string, ReadonlySet<string>>;
  beforeAll(async () => {
    exposed = await scrape();
  }, 40_000);

  it.each([
    ['docs/prometheus/alerts.yaml', alerts],
    ['docs/grafana/portolan.json', [...expressions, ...queries].join('\n')],
    ['the unit tests of the alerts', read('test/deploy/alerts.yaml')],
  ])('%s names no metric and no label that a running service does not tell', (_path, text) => {
    const named = [...selectorsOf(text), ...groupings(text)];
    expect(named.length).toBeGreaterThan(10);
    const unknown = named.flatMap(({ metric, labels }) => (exposed.has(metric) ? labels.filter((label) => exposed.get(metric)?.has(label) !== true).map((label) => `${metric}{${label}}`) : [metric]));
    expect(unknown).toEqual([]);
  });
});

describe('docs/grafana/portolan.json', () => {
  it('takes its data source from a variable, so that it can be imported anywhere', () => {
    const sources = dashboard.panels.flatMap(({ datasource, targets = [] }) => [datasource?.uid ?? '${datasource}', ...targets.map((target) => target.datasource.uid)]);
    expect([...new Set(sources)]).toEqual(['${datasource}']);
    expect(dashboard.templating.list[0]?.name).toBe('datasource');
  });

  it('has panels that neither overlap nor share an id', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos: { x, y, w, h } } of panels) {
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect([title, taken.get(`${column},${line}`)]).toEqual([title, undefined]);
          taken.set(`${column},${line}`, title);
        }
      }
    }
  });

  it('uses only variables that it has', () => {
    const names = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval']);
    const used = expressions.flatMap((expression) => [...expression.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name));
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });
});

describeWithPeer('promtool', 'promtool', () => {
  const promtool = (...args: string[]): { status: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync(join(requirePeer('promtool'), 'promtool'), args, { cwd: root, encoding: 'utf8', timeout: 20_000 });
    return { status, output: stdout + stderr };
  };

  it('finds nothing to complain of in the alerts', () => {
    const rules = alerts.match(/- alert: /g)?.length ?? 0;
    expect(promtool('check', 'rules', '--lint-fatal', 'docs/prometheus/alerts.yaml')).toMatchObject({ status: 0, output: expect.stringContaining(`SUCCESS: ${rules} rules found`) as string });
  });

  it('has every alert fire when it should, and say what it should', () => {
    const tested = new Set([...read('test/deploy/alerts.yaml').matchAll(/alertname: (\w+)/g)].map(([, name]) => name));
    expect([...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name).filter((name) => !tested.has(name))).toEqual([]);
    const { status, output } = promtool('test', 'rules', 'test/deploy/alerts.yaml');
    expect({ status, output }).toMatchObject({ status: 0 });
  });

  it('understands every query of the dashboard', async () => {
    const folder = await temporaryFolder();
    try {
      const plain = expressions.map((expression) => expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*'));
      const rules = plain.map((expr, index) => ({ record: `query:${index}`, expr }));
      // JSON is YAML.
      await writeFile(join(folder, 'queries.yaml'), JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
      expect(promtool('check', 'rules', join(folder, 'queries.yaml'))).toMatchObject({ status: 0, output: expect.stringContaining(`SUCCESS: ${rules.length} rules found`) as string });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
