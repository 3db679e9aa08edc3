import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../src/core/errors.ts';
import { createLog, redactUrls, type Log } from '../../src/telemetry/logs.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createReadiness } from '../../src/telemetry/readiness.ts';

describe('redaction', () => {
  it.each([
    ['mongodb://user:hunter2@db:27017/x', 'mongodb://***@db:27017/x'],
    ['cannot reach https://a@b, https://c:d@e/f', 'cannot reach https://***@b, https://***@e/f'],
    ['mongodb+srv://u:p%40ss@h', 'mongodb+srv://***@h'],
    ['HTTPS://U:P@H', 'HTTPS://***@H'],
    ['https://u:p@ss@h', 'https://***@h'],
    ['"url":"https://u:p@h"', '"url":"https://***@h"'],
    ['mail to ops@example.com', 'mail to ops@example.com'],
    ['https://registry.example.com/a@sha256:0', 'https://registry.example.com/a@sha256:0'],
    ['nothing here', 'nothing here'],
  ])('%s becomes %s', (text, redacted) => {
    expect(redactUrls(text)).toBe(redacted);
  });
});

describe('logs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-log-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let count = 0;

  /** A log that writes to a file of its own, and what stands in that file. */
  function logToFile(options: Partial<Parameters<typeof createLog>[0]> = {}): { log: Log; text: () => string; fd: number } {
    const path = join(folder, `${count++}.log`);
    const fd = openSync(path, 'a');
    return { log: createLog({ level: 'info', format: 'json', fd, ...options }), text: () => readFileSync(path, 'utf8'), fd };
  }

  const jsonOf = (text: string): any => JSON.parse(text.trim());

  it('are one JSON object a line, with time, level, message and fields', () => {
    const { log, text } = logToFile();
    log.info('request', { route: '/health', status: 200 });
    log.warn('two\nlines', { text: 'a\nb' });
    log.flush();
    const lines = text().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([
      { time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), level: 'info', message: 'request', route: '/health', status: 200 },
      { time: expect.any(String), level: 'warn', message: 'two\nlines', text: 'a\nb' },
    ]);
  });

  it('wait a little for company, and are written out by themselves', async () => {
    const { log, text } = logToFile();
    log.info('first');
    expect(text()).toBe('');
    await delay(200);
    expect(jsonOf(text()).message).toBe('first');
  });

  it('do not wait when there are many', () => {
    const { log, text } = logToFile();
    for (let n = 0; n < 2_000; n++) log.info('a line of some length', { n });
    expect(text().length).toBeGreaterThan(32 * 1024);
    log.flush();
    expect(text().trimEnd().split('\n')).toHaveLength(2_000);
  });

  it('leave out what is below their level', () => {
    const { log, text } = logToFile({ level: 'warn' });
    log.debug('no');
    log.info('no');
    log.error('yes');
    log.flush();
    expect(jsonOf(text()).message).toBe('yes');
  });

  it('show an error in a field with its stack and causes, without passwords', () => {
    const { log, text } = logToFile();
    const cause = new Error('refused: mongodb://user:hunter2@db');
    log.error('request failed', { error: new Error('no https://user:hunter2@registry', { cause }) });
    log.flush();
    const { error } = jsonOf(text());
    expect(error).toMatchObject({ name: 'Error', message: 'no https://***@registry', cause: { message: 'refused: mongodb://***@db' } });
    expect(error.stack).toContain('telemetry.test.ts');
    expect(text()).not.toContain('hunter2');
  });

  it('never show a password of a URL, in whatever field it stands', () => {
    for (const format of ['json', 'text'] as const) {
      const { log, text } = logToFile({ format });
      log.info('connecting to https://user:hunter2@a', { url: 'https://user:hunter2@b', nested: { list: ['mongodb://user:hunter2@c'] } });
      log.flush();
      expect(text()).not.toContain('hunter2');
      expect(text()).toContain('***@c');
    }
  });

  it('are lines to read on a terminal', () => {
    const { log, text } = logToFile({ format: 'text' });
    log.warn('slow', { route: '/ready', duration_ms: 12.5 });
    log.flush();
    expect(text()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} \S*warn \S* slow route=\/ready duration_ms=12\.5\n$/);
  });

  it('do not stop the service when nobody can take them', () => {
    const { log, fd } = logToFile();
    closeSync(fd);
    log.info('lost');
    expect(() => log.flush()).not.toThrow();
  });
});

describe('metrics', () => {
  const noRegistries = async () => ({ samples: [], leftOut: 0 });

  const sample = (id: string) => ({ id, name: id, url: 'https://x', type: 'aios', vantage: 'v', verdict: 'up', isUp: true, lastProbeMs: 1, certificateExpiryMs: null, credentialExpiryMs: 7_000 }) as const;

  it('never show one who asks what another may see, though both ask at once', async () => {
    const metrics = createMetrics('1');
    const [mine, theirs] = await Promise.all(
      ['mine', 'theirs'].map((id) => metrics.expose(async () => ({ samples: [sample(id)], leftOut: 0 }))),
    );
    expect([mine?.includes('"mine"'), mine?.includes('"theirs"'), theirs?.includes('"mine"'), theirs?.includes('"theirs"')]).toEqual([true, false, false, true]);
  });

  it('tell when a stored credential ends, once for each registry', async () => {
    const samples = ['v', 'w'].map((vantage) => ({ ...sample('a'), vantage }));
    const text = await createMetrics('1').expose(async () => ({ samples, leftOut: 0 }));
    expect(text.match(/^portolan_registry_credential_expires_at_seconds.*$/gm)).toEqual(['portolan_registry_credential_expires_at_seconds{id="a"} 7']);
  });

  it('tell of the process though nobody can tell of the registries', async () => {
    const text = await createMetrics('1').expose(async () => null);
    expect(text).toContain('portolan_build_info');
    expect(text).not.toContain('portolan_registr');
  });

  it('count requests by route and status, and those under way', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.requestStarted();
    metrics.requestStarted();
    metrics.observeRequest('GET', '/container_registry/{id}', 200, 3);
    metrics.observeProbe('refused', { dns_ms: null, connect_ms: 12, tls_ms: null, first_byte_ms: null, total_ms: 12 });
    const text = await metrics.expose(noRegistries);
    expect(text).toContain('portolan_http_requests_total{method="GET",route="/container_registry/{id}",status="200"} 1');
    expect(text).toContain('portolan_http_requests_in_flight 1');
    expect(text).toContain('portolan_probes_total{cause="refused"} 1');
    expect(text).toMatch(/portolan_build_info\{version="1\.2\.3",node="v[\d.]+"\} 1/);
  });

  it('have the prefix, all of them', async () => {
    const names = [...(await createMetrics('1').expose(noRegistries)).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !name?.startsWith('portolan_'))).toEqual([]);
  });
});

describe('readiness', () => {
  it('is there only while the service runs', async () => {
    const readiness = createReadiness({ store: async () => undefined });
    const reports = [];
    for (const phase of ['starting', 'running', 'draining'] as const) {
      readiness.setPhase(phase);
      reports.push(await readiness.report());
    }
    expect(reports.map(({ ready, phase }) => [phase, ready])).toEqual([['starting', false], ['running', true], ['draining', false]]);
    expect(reports[1]?.dependencies).toEqual({ store: 'ok' });
  });

  it('is gone with any dependency, and shows only sentences that are meant to be shown', async () => {
    const failing = async (error: Error): Promise<unknown> => {
      const readiness = createReadiness({ store: () => Promise.reject(error), other: async () => undefined });
      readiness.setPhase('running');
      return readiness.report();
    };
    expect(await failing(new AppError('STORE_UNAVAILABLE'))).toEqual({ ready: false, phase: 'running', dependencies: { store: 'The store does not answer.', other: 'ok' } });
    expect(await failing(new Error('connect ECONNREFUSED 10.0.0.7:27017'))).toMatchObject({ dependencies: { store: 'does not answer' } });
  });
});
