import { limits } from '../../../src/core/limits.ts';
import type { CredentialTarget } from '../../../src/core/registry-credential.ts';
import type { DockerConfig } from '../../../src/secrets/pull-secret.ts';
import type { Entry } from '../../../src/store/access-port.ts';
import type { StoredRecord } from '../../../src/store/port.ts';
import { recordOf } from '../../../src/store/stored-record.ts';
import { actor, credentialsBench, MADE_AT, NOW_MS, secretKey, storedRecord, type CredentialsBench } from '../../support/credentials.ts';

const quay = storedRecord('quay');
const basic = { username: 'ann', password: 'correct-horse' };
const basicSecret = { kind: 'basic', ...basic };

const targetOf = (record: StoredRecord, repository: string | null = null): CredentialTarget => ({
  id: record.id,
  createdAt: record.meta.created_at,
  url: recordOf(record).container_registry_public_url,
  repository,
});

async function entryOf({ entries }: CredentialsBench, key = 'quay\n'): Promise<Entry> {
  const found = await entries.get('credential', key);
  if (found === null) throw new Error(`There is no credential ${key}.`);
  return found;
}

/** Puts a text in the place of another, as somebody would who can write to the database. */
async function overwrite({ entries }: CredentialsBench, entry: Entry, change: Partial<Entry>): Promise<void> {
  const { kind, key, owner, expiresAtMs, text } = { ...entry, ...change };
  const there = await entries.get(kind, key);
  expect(await entries.put({ kind, key, owner, expiresAtMs, text, expectedRevision: there?.revision ?? 0 })).toBe(true);
}

const forged = (entry: Entry, change: object): Partial<Entry> => ({ text: JSON.stringify({ ...(JSON.parse(entry.text) as object), ...change }) });

describe('a credential of a registry', () => {
  it('is shown without its secret, and kept so', async () => {
    const bench = credentialsBench();
    const view = await bench.credentials.set(actor, quay, { ...basic, expires_at: '2031-01-01T00:00:00Z', token_host: 'auth.example' });
    expect(view).toEqual({
      kind: 'basic',
      repository_prefix: '',
      username: 'ann',
      expires_at: '2031-01-01T00:00:00.000Z',
      token_host: 'auth.example',
      origin: 'https://quay.example',
      usable: true,
      updated_at: new Date(NOW_MS).toISOString(),
    });
    expect(await bench.credentials.list(quay)).toEqual([view]);
    const { text, owner, expiresAtMs } = await entryOf(bench);
    expect({ owner, expiresAtMs }).toEqual({ owner: 'quay', expiresAtMs: null });
    expect(text).not.toContain(basic.password);
    expect(text).not.toContain(Buffer.from(basic.password).toString('base64').slice(0, 12));
    expect(bench.changed).toEqual(['quay']);
  });

  it('is replaced by the next, another one for each prefix, and removed', async () => {
    const { credentials, changed } = credentialsBench();
    await credentials.set(actor, quay, basic);
    await credentials.set(actor, quay, { token: 'abc', repository_prefix: 'team' });
    await credentials.set(actor, quay, { client_id: 'id', client_secret: 'hush' });
    expect((await credentials.list(quay)).map(({ kind, repository_prefix, username }) => [repository_prefix, kind, username])).toEqual([
      ['', 'client', null],
      ['team', 'token', null],
    ]);
    await credentials.remove(actor, quay, 'team');
    await expect(credentials.remove(actor, quay, 'team')).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
    expect((await credentials.list(quay)).map(({ repository_prefix }) => repository_prefix)).toEqual(['']);
    expect(changed).toHaveLength(4);
  });

  it('has a limit of how many there are', async () => {
    const { credentials } = credentialsBench();
    for (let number = 0; number < limits.credentialsPerRecordMax; number++) await credentials.set(actor, quay, { ...basic, repository_prefix: `team${number}` });
    await expect(credentials.set(actor, quay, basic)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await credentials.set(actor, quay, { token: 'abc', repository_prefix: 'team7' });
  });

  it('needs a registry that one can log in to, and a key', async () => {
    const { credentials, withKeys } = credentialsBench();
    await expect(credentials.set(actor, storedRecord('odd', { container_registry_public_url: 'ftp://odd.example' }), basic)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await expect(withKeys().set(actor, quay, basic)).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
    await expect(withKeys().rotate(actor)).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
  });

  it('is on record with all that was changed, and no secret', async () => {
    const { credentials, audit } = credentialsBench();
    await credentials.set(actor, quay, basic);
    await credentials.set(actor, quay, { username: 'bob', password: 'another-one', expires_at: '2031-01-01T00:00:00Z' });
    await credentials.set(actor, quay, { token: 'secret-token', repository_prefix: 'team' });
    await credentials.pullSecret(actor, quay, { format: 'dockerconfigjson' });
    await credentials.remove(actor, quay, '');
    await credentials.rotate(actor);
    expect(audit.entries.map(({ action, record, target, user, from, request_id }) => [action, record, target, user, from, request_id].join(' '))).toEqual([
      'credential:set quay  ann 192.0.2.7 request-1',
      'credential:set quay  ann 192.0.2.7 request-1',
      'credential:set quay team ann 192.0.2.7 request-1',
      'credential:use quay dockerconfigjson ann 192.0.2.7 request-1',
      'credential:remove quay  ann 192.0.2.7 request-1',
      'credential:rotate   ann 192.0.2.7 request-1',
    ]);
    expect(audit.entries[1]?.changes).toEqual([
      { path: 'username', before: 'ann', after: 'bob' },
      { path: 'expires_at', before: null, after: '2031-01-01T00:00:00.000Z' },
      { path: 'secret', changed: true },
    ]);
    expect(JSON.stringify(audit.entries)).not.toMatch(/correct-horse|another-one|secret-token/);
  });
});

describe('what probes get', () => {
  it('is the credential of the whole registry, or that of what is asked for', async () => {
    const { credentials } = credentialsBench();
    await credentials.set(actor, quay, { ...basic, token_host: 'auth.example', expires_at: '2031-01-01T00:00:00Z' });
    await credentials.set(actor, quay, { token: 'of-team', repository_prefix: 'team' });
    await credentials.set(actor, quay, { token: 'of-app', repository_prefix: 'team/app' });
    const found = async (repository: string | null) => (await credentials.forProbe([targetOf(quay, repository)])).get('quay');
    expect(await found(null)).toEqual({ secret: basicSecret, origin: 'https://quay.example', tokenHost: 'auth.example', expiresAtMs: Date.UTC(2031, 0), version: expect.any(String) });
    expect((await found('other/app'))?.secret).toEqual(basicSecret);
    expect((await found('team-b/app'))?.secret).toEqual(basicSecret);
    expect((await found('team/x'))?.secret).toEqual({ kind: 'token', token: 'of-team' });
    expect((await found('team/app'))?.secret).toEqual({ kind: 'token', token: 'of-app' });
    await credentials.remove(actor, quay, '');
    expect(await found(null)).toBeUndefined();
  });

  it('comes for many registries from one look into the store, another version each time', async () => {
    const bench = credentialsBench();
    const records = ['a', 'b', 'c', 'd'].map((id) => storedRecord(id));
    for (const record of records.slice(0, 3)) await bench.credentials.set(actor, record, { ...basic, username: record.id });
    const looks: string[][] = [];
    const ofOwners = bench.entries.ofOwners.bind(bench.entries);
    bench.entries.ofOwners = (kind, owners) => {
      looks.push([...owners]);
      return ofOwners(kind, owners);
    };
    const found = await bench.credentials.forProbe(records.map((record) => targetOf(record)));
    expect([...found].map(([id, { secret }]) => [id, secret.kind === 'basic' && secret.username])).toEqual([['a', 'a'], ['b', 'b'], ['c', 'c']]);
    expect(looks).toEqual([['a', 'b', 'c', 'd']]);
    await bench.credentials.set(actor, records[0]!, { ...basic, username: 'a' });
    const again = await bench.credentials.forProbe(records.map((record) => targetOf(record)));
    expect([again.get('a')?.version === found.get('a')?.version, again.get('b')?.version === found.get('b')?.version]).toEqual([false, true]);
  });

  it('is nothing once the record names another registry', async () => {
    const { credentials } = credentialsBench();
    await credentials.set(actor, quay, basic);
    for (const url of ['https://attacker.example', 'http://quay.example', 'https://quay.example:444', 'https://quay.example.attacker.example', 'not a URL']) {
      const moved = storedRecord('quay', { container_registry_public_url: url });
      expect([...(await credentials.forProbe([targetOf(moved)]))]).toEqual([]);
      expect((await credentials.list(moved))[0]).toMatchObject({ usable: false, origin: 'https://quay.example' });
      await expect(credentials.pullSecret(actor, moved, { format: 'dockerconfigjson' })).rejects.toMatchObject({ code: 'CREDENTIAL_UNSUITABLE', message: expect.stringContaining('https://quay.example') });
    }
    const deeper = storedRecord('quay', { container_registry_public_url: 'https://quay.example:443/deeper/' });
    expect((await credentials.forProbe([targetOf(deeper)])).get('quay')?.secret).toEqual(basicSecret);
  });

  it('is nothing for a record that was made anew with the same id, and neither is anything else', async () => {
    const { credentials, entries } = credentialsBench();
    await credentials.set(actor, quay, basic);
    const anew = storedRecord('quay', {}, '2030-02-02T00:00:00.000Z');
    expect([...(await credentials.forProbe([targetOf(anew)]))]).toEqual([]);
    expect(await credentials.list(anew)).toEqual([]);
    await expect(credentials.pullSecret(actor, anew, { format: 'dockerconfigjson' })).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
    await expect(credentials.remove(actor, anew, '')).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
    await credentials.set(actor, anew, { token: 'abc', repository_prefix: 'team' });
    expect(await entries.get('credential', 'quay\n')).toBeNull();
    expect(await credentials.list(anew)).toHaveLength(1);
  });
});

describe('what is kept', () => {
  it('abuse 39: cannot be opened in another row, by another record of its id, or damaged, and the log tells once', async () => {
    const bench = credentialsBench();
    const other = storedRecord('other', { container_registry_public_url: 'https://quay.example' });
    await bench.credentials.set(actor, quay, basic);
    const entry = await entryOf(bench);
    await overwrite(bench, entry, { key: 'other\n', owner: 'other' });
    expect([...(await bench.credentials.forProbe([targetOf(other)]))]).toEqual([]);
    expect([...(await bench.credentials.forProbe([targetOf(other)]))]).toEqual([]);
    expect(bench.log.lines.filter(({ message }) => message.includes('moved'))).toHaveLength(1);
    await expect(bench.credentials.pullSecret(actor, other, { format: 'dockerconfigjson' })).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });

    await overwrite(bench, entry, { key: 'quay\nteam' });
    expect((await bench.credentials.forProbe([targetOf(quay, 'team/app')])).get('quay')).toBeUndefined();

    const anew = storedRecord('quay', {}, '2030-02-02T00:00:00.000Z');
    await overwrite(bench, entry, forged(entry, { record_created_at: anew.meta.created_at }));
    expect([...(await bench.credentials.forProbe([targetOf(anew)]))]).toEqual([]);
    const { sealed } = JSON.parse(entry.text) as { sealed: string };
    await overwrite(bench, entry, forged(entry, { sealed: `${sealed.slice(0, -2)}xx` }));
    expect([...(await bench.credentials.forProbe([targetOf(quay)]))]).toEqual([]);
  });

  it('abuse 39: goes nowhere else, though somebody rewrites where it may go', async () => {
    const bench = credentialsBench();
    await bench.credentials.set(actor, quay, basic);
    const entry = await entryOf(bench);
    await overwrite(bench, entry, forged(entry, { origin: 'https://attacker.example', token_host: 'attacker.example' }));
    const moved = storedRecord('quay', { container_registry_public_url: 'https://attacker.example' });
    expect([...(await bench.credentials.forProbe([targetOf(moved)]))]).toEqual([]);
    expect((await bench.credentials.forProbe([targetOf(quay)])).get('quay')?.tokenHost).toBeNull();
    await expect(bench.credentials.pullSecret(actor, moved, { format: 'dockerconfigjson' })).rejects.toMatchObject({ code: 'CREDENTIAL_UNSUITABLE' });
  });

  it('abuse 39: is told to be locked without its key, stays, and opens with it again', async () => {
    const { credentials, withKeys, log } = credentialsBench('first');
    await credentials.set(actor, quay, basic);
    const locked = withKeys('second');
    expect([...(await locked.forProbe([targetOf(quay)]))]).toEqual([]);
    expect(log.lines).toEqual([]);
    expect((await locked.list(quay))[0]).toMatchObject({ usable: false, username: 'ann' });
    expect((await locked.factsOf([targetOf(quay)])).get('quay')).toMatchObject({ usable: false });
    expect(await locked.overview()).toMatchObject({ locked: 1 });
    await expect(locked.pullSecret(actor, quay, { format: 'dockerconfigjson' })).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
    expect(await locked.rotate(actor)).toEqual({ resealed: 0, left: 0, failed: 1 });
    expect((await withKeys('second', 'first').forProbe([targetOf(quay)])).get('quay')?.secret).toEqual(basicSecret);
  });

  it('abuse 39: is sealed anew with the first key by a rotation, after which the old one may go', async () => {
    const { credentials, withKeys } = credentialsBench('old');
    const records = Array.from({ length: 300 }, (_unused, number) => storedRecord(`r${number}`));
    for (const record of records) await credentials.set(actor, record, basic);
    const rotating = withKeys('new', 'old');
    const before = (await rotating.forProbe([targetOf(records[7]!)])).get('r7');
    expect(await rotating.rotate(actor)).toEqual({ resealed: 300, left: 0, failed: 0 });
    expect(await rotating.rotate(actor)).toEqual({ resealed: 0, left: 300, failed: 0 });
    const after = withKeys('new');
    expect((await after.forProbe([targetOf(records[7]!)])).get('r7')).toEqual(before);
    const overview = await after.overview();
    expect(overview).toMatchObject({ locked: 0, keys: [expect.any(String)] });
    expect(Object.entries(overview.sealed_with)).toEqual([[overview.keys[0], 300]]);
    expect(JSON.stringify(overview)).not.toContain(secretKey('new'));
  });

  it('loses nothing to somebody who sets it while it is sealed anew', async () => {
    const bench = credentialsBench('old');
    await bench.credentials.set(actor, quay, basic);
    const rotating = bench.withKeys('new', 'old');
    const put = bench.entries.put.bind(bench.entries);
    bench.entries.put = async (write, audit) => {
      bench.entries.put = put;
      await rotating.set(actor, quay, { token: 'newest' });
      return put(write, audit);
    };
    expect(await rotating.rotate(actor)).toEqual({ resealed: 0, left: 1, failed: 0 });
    expect((await rotating.forProbe([targetOf(quay)])).get('quay')?.secret).toEqual({ kind: 'token', token: 'newest' });
  });
});

describe('what is shown with the health of a registry', () => {
  it('is the credential that probes use, and when it ends', async () => {
    const { credentials } = credentialsBench();
    await credentials.set(actor, quay, { ...basic, expires_at: '2031-01-01T00:00:00Z' });
    const facts = async (record: StoredRecord) => (await credentials.factsOf([targetOf(record)])).get('quay');
    expect(await facts(quay)).toEqual({ version: expect.any(String), updatedAtMs: NOW_MS, expiresAtMs: Date.UTC(2031, 0), usable: true });
    expect(await facts(storedRecord('quay', { container_registry_public_url: 'https://else.example' }))).toMatchObject({ usable: false });
    expect((await credentials.forProbe([targetOf(quay)])).get('quay')?.version).toBe((await facts(quay))?.version);
  });
});

describe('a pull secret', () => {
  const authOf = `ann:${basic.password}`;

  it('names the registry by its host and by what its images are named', async () => {
    const { credentials } = credentialsBench();
    const record = storedRecord('quay', { container_registry_image_prefix: 'images.example:5000/team' });
    await credentials.set(actor, record, basic);
    const { auths } = (await credentials.pullSecret(actor, record, { format: 'dockerconfigjson' })) as DockerConfig;
    expect(Object.keys(auths)).toEqual(['quay.example', 'images.example:5000']);
    expect(Object.values(auths).map((auth) => 'auth' in auth && Buffer.from(auth.auth, 'base64').toString())).toEqual([authOf, authOf]);
  });

  it('may be a Secret of Kubernetes, whose name is looked at before anything is given out', async () => {
    const { credentials, audit } = credentialsBench();
    await credentials.set(actor, quay, basic);
    expect(await credentials.pullSecret(actor, quay, { format: 'kubernetes', namespace: 'apps' })).toMatchObject({ kind: 'Secret', metadata: { name: 'registry-quay', namespace: 'apps' } });
    await expect(credentials.pullSecret(actor, quay, { format: 'kubernetes', name: 'No' })).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
    expect(audit.entries.map(({ action, target }) => [action, target])).toEqual([['credential:set', null], ['credential:use', 'kubernetes']]);
  });

  it('does not name a host that the record was given later', async () => {
    const { credentials } = credentialsBench();
    await credentials.set(actor, quay, basic);
    const changed = storedRecord('quay', { container_registry_image_prefix: 'attacker.example/team' });
    expect(Object.keys(((await credentials.pullSecret(actor, changed, { format: 'dockerconfigjson' })) as DockerConfig).auths)).toEqual(['quay.example']);
  });

  it('leaves out what has expired, and says so when nothing is left', async () => {
    const { credentials, entries } = credentialsBench();
    await credentials.set(actor, quay, { ...basic, expires_at: '2031-01-01T00:00:00Z' });
    const found = await entries.get('credential', 'quay\n');
    const { revision, text, ...rest } = found!;
    await entries.put({ ...rest, expectedRevision: revision, text: JSON.stringify({ ...JSON.parse(text), expires_at: MADE_AT }) });
    await expect(credentials.pullSecret(actor, quay, { format: 'dockerconfigjson' })).rejects.toMatchObject({ code: 'CREDENTIAL_UNSUITABLE', message: expect.stringContaining('expired') });
    await credentials.set(actor, quay, { ...basic, repository_prefix: 'team' });
    expect(Object.keys(((await credentials.pullSecret(actor, quay, { format: 'dockerconfigjson' })) as DockerConfig).auths)).toEqual(['quay.example/team']);
  });

  it('is not there where nothing is kept, and nothing is on record then', async () => {
    const { credentials, audit } = credentialsBench();
    await expect(credentials.pullSecret(actor, quay, { format: 'dockerconfigjson' })).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
    await credentials.set(actor, quay, { client_id: 'a', client_secret: 'b' });
    await expect(credentials.pullSecret(actor, quay, { format: 'dockerconfigjson' })).rejects.toMatchObject({ code: 'CREDENTIAL_UNSUITABLE' });
    expect(audit.entries.map(({ action }) => action)).toEqual(['credential:set']);
  });

  it('is not given out where that cannot be put on record', async () => {
    const { credentials, audit } = credentialsBench();
    await credentials.set(actor, quay, basic);
    audit.append = () => Promise.reject(new Error('The audit is away.'));
    await expect(credentials.pullSecret(actor, quay, { format: 'dockerconfigjson' })).rejects.toThrow('away');
  });
});
