import type { CredentialFacts, CredentialTarget, ProbeCredential } from '../../../../src/core/registry-credential.ts';
import { createHealthChecks } from '../../../../src/health/checks.ts';
import type { KnownCredentials, ProbeCredentials } from '../../../../src/health/credentials.ts';
import { createRecordFacts } from '../../../../src/health/record-facts.ts';
import { samplesOf } from '../../../../src/health/registry-samples.ts';
import { createHealthReports } from '../../../../src/health/report.ts';
import { createCountedChecks } from '../../../../src/health/watching/counted-checks.ts';
import { TIME } from '../../../contract/store-fixture.ts';
import { until } from '../../../support/until.ts';
import { HERE, resultOf, startBench, urlOf, watched, type WatchingBench } from '../../../support/watching.ts';

let bench: WatchingBench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.dispose());

const SECRET = 'correct-horse';
const credential = (id: string, version = 'v1'): ProbeCredential => ({ secret: { kind: 'token', token: SECRET }, origin: new URL(urlOf(id)).origin, tokenHost: null, expiresAtMs: null, version });

interface KnownByTest extends ProbeCredentials, KnownCredentials {
  readonly asked: (readonly CredentialTarget[])[];
}

/** What is kept, as the test says. */
function keeping(kept: Map<string, ProbeCredential>, facts: ReadonlyMap<string, CredentialFacts> = new Map()): KnownByTest {
  const asked: (readonly CredentialTarget[])[] = [];
  return {
    asked,
    forProbe: async (targets) => {
      asked.push(targets);
      return kept;
    },
    factsOf: async () => facts,
  };
}

const stateOf = (id: string) => bench.state(id);
const lastOf = (url: string) => bench.prober.begun.filter(({ request }) => request.url === url).at(-1)?.request.credential;

describe('a watcher', () => {
  it('asks once for the credentials of all that it claims, and gives each probe its own', async () => {
    await bench.add(watched('a', { canary: 'team/app:1' }), watched('b'), watched('c', { enabled: false }));
    const credentials = keeping(new Map([['b', credential('b')]]));
    bench.watcher({ credentials }).start();
    await until(() => bench.prober.begun.length === 2);
    expect(credentials.asked).toHaveLength(1);
    expect(credentials.asked[0]?.toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
      { id: 'a', createdAt: TIME, url: urlOf('a'), repository: 'team/app' },
      { id: 'b', createdAt: TIME, url: urlOf('b'), repository: null },
      { id: 'c', createdAt: TIME, url: urlOf('c'), repository: null },
    ]);
    expect(lastOf(urlOf('a'))).toBeNull();
    expect(lastOf(urlOf('b'))).toEqual({ ...credential('b'), acceptedAtMs: null });
  });

  it('remembers which version was accepted last, and tells the next probe', async () => {
    const kept = new Map([['a', credential('a')]]);
    await bench.add(watched('a'));
    bench.prober.answer = ({ url }) => resultOf(url, { authenticated: true });
    bench.watcher({ credentials: keeping(kept) }).start();
    await until(async () => (await stateOf('a')).credential !== null);
    const { credential: accepted, last } = await stateOf('a');
    expect(accepted).toEqual({ version: 'v1', goodAtMs: last?.atMs });
    expect(JSON.stringify(await bench.health.watchesOf(['a']))).not.toContain(SECRET);

    bench.prober.answer = ({ url }) => resultOf(url, { healthy: false, cause: 'credentials_expired' });
    await bench.edit(watched('a', { interval_s: 60 }));
    await until(async () => (await bench.store.get('a'))?.health.status === 'auth_failed');
    expect(lastOf(urlOf('a'))?.acceptedAtMs).toBe(accepted?.goodAtMs);
    expect((await stateOf('a')).credential).toEqual(accepted);

    kept.set('a', credential('a', 'v2'));
    await bench.edit(watched('a', { interval_s: 61 }));
    await until(() => lastOf(urlOf('a'))?.version === 'v2');
    expect(lastOf(urlOf('a'))?.acceptedAtMs).toBeNull();
  });

  it('probes nobody while it cannot learn of credentials, and gives back what it claimed', async () => {
    await bench.add(watched('a'));
    let isAway = true;
    const credentials: ProbeCredentials = { forProbe: async () => (isAway ? Promise.reject(new Error('The store is away.')) : new Map()) };
    bench.watcher({ credentials }).start();
    await until(() => bench.log.lines.length > 0);
    expect(bench.prober.begun).toEqual([]);
    isAway = false;
    await until(() => bench.prober.begun.length === 1);
  });
});

describe('a check on demand', () => {
  const unending = new AbortController().signal;

  it('uses the credential as a scheduled probe does, and counts what it accepted', async () => {
    const kept = new Map([['a', credential('a')]]);
    const watcher = bench.watcher({ credentials: keeping(kept) });
    const checks = createCountedChecks({ checks: createHealthChecks({ prober: bench.prober }), store: bench.health, credentials: keeping(kept), watcher, vantage: HERE, clock: bench.clock });
    const record = watched('a');
    await bench.add(record);
    bench.prober.answer = ({ url }) => resultOf(url, { authenticated: true });
    await checks.check({ fields: record, createdAt: TIME }, unending);
    expect((await stateOf('a')).credential?.version).toBe('v1');
    // Somebody else holds the watch: nothing is counted, and yet the probe knows what was accepted.
    await bench.health.claimOne({ id: 'a', vantage: HERE }, bench.clock.nowMs(), 60_000);
    await checks.check({ fields: record, createdAt: TIME }, unending);
    expect(lastOf(urlOf('a'))?.acceptedAtMs).toBe((await stateOf('a')).credential?.goodAtMs);
  });

  it('has none for a record that is not stored yet', async () => {
    const credentials = keeping(new Map([['a', credential('a')]]));
    const checks = createCountedChecks({ checks: createHealthChecks({ prober: bench.prober }), store: bench.health, credentials, watcher: bench.watcher(), vantage: HERE, clock: bench.clock });
    await checks.check({ fields: watched('a'), createdAt: null }, unending);
    expect(credentials.asked).toEqual([]);
    expect(lastOf(urlOf('a'))).toBeNull();
  });

  it('joins only a probe with the same credential', async () => {
    const checks = createHealthChecks({ prober: bench.prober });
    const ends: (() => void)[] = [];
    bench.prober.answer = ({ url }) => new Promise((resolve) => ends.push(() => resolve(resultOf(url))));
    const record = watched('a');
    const offered = (version: string) => ({ ...credential('a', version), acceptedAtMs: null });
    const all = Promise.all([checks.check(record, unending), ...['v1', 'v1', 'v2'].map((version) => checks.check(record, unending, { credential: offered(version) }))]);
    await until(() => bench.prober.inFlight() === 3);
    ends.forEach((end) => end());
    await all;
    expect(bench.prober.begun.map(({ request }) => request.credential?.version)).toEqual([undefined, 'v1', 'v2']);
  });
});

describe('the health of a registry', () => {
  const DAY_MS = 86_400_000;
  const reportWith = async (facts: CredentialFacts | undefined) => {
    const credentials = keeping(new Map(), facts === undefined ? new Map() : new Map([['a', facts]]));
    const reports = createHealthReports({ store: bench.health, facts: createRecordFacts(), credentials, clock: bench.clock });
    const stored = (await bench.store.get('a'))!;
    const [[report], samples] = [await reports.ofRecords([stored]), await samplesOf((async function* () { yield [stored]; })(), reports)];
    expect(await reports.ofRecord(stored)).toMatchObject({ credential: report?.credential });
    return { credential: report?.credential, samples };
  };
  const facts = (change: Partial<CredentialFacts> = {}): CredentialFacts => ({ version: 'v1', updatedAtMs: bench.clock.nowMs(), expiresAtMs: null, usable: true, ...change });

  beforeEach(async () => {
    await bench.add(watched('a'));
  });

  it('tells of no credential where none is kept', async () => {
    expect(await reportWith(undefined)).toMatchObject({ credential: null, samples: [{ credentialExpiryMs: null }] });
  });

  it('tells when it was accepted last, whichever vantage saw it, and only of the version that is kept', async () => {
    await bench.health.touch('a', ['edge']);
    const claims = await Promise.all([HERE, 'edge'].map((vantage) => bench.health.claimOne({ id: 'a', vantage }, bench.clock.nowMs(), 60_000)));
    const watcher = bench.watcher();
    for (const claim of claims) await watcher.take(claim!, resultOf(urlOf('a'), { authenticated: true }), 'v1');
    const edge = await bench.state('a', 'edge');
    expect((await reportWith(facts())).credential).toEqual({ expires_at: null, expires_soon: false, last_accepted_at: new Date(edge.credential!.goodAtMs).toISOString(), usable: true });
    expect((await reportWith(facts({ version: 'v2', usable: false }))).credential).toEqual({ expires_at: null, expires_soon: false, last_accepted_at: null, usable: false });
  });

  it.each<[string, number, number, boolean]>([
    ['of a year, half of it left', 182, 182, false],
    ['of a year, 15 days left', 350, 15, false],
    ['of a year, 13 days left', 352, 13, true],
    ['of 20 days, 3 days left', 17, 3, false],
    ['of 20 days, a day left', 19, 1, true],
    ['of a year, past its end', 365, -1, true],
  ])('warns before its end: %s', async (_what, livedDays, leftDays, soon) => {
    const nowMs = bench.clock.nowMs();
    const expiresAtMs = nowMs + leftDays * DAY_MS;
    const { credential: told, samples } = await reportWith(facts({ updatedAtMs: nowMs - livedDays * DAY_MS, expiresAtMs }));
    expect(told).toMatchObject({ expires_at: new Date(expiresAtMs).toISOString(), expires_soon: soon });
    expect(samples.map(({ credentialExpiryMs }) => credentialExpiryMs)).toEqual([expiresAtMs]);
  });
});
