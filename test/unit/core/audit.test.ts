import { auditedChanges, auditEntryOf } from '../../../src/core/audit.ts';
import { limits } from '../../../src/core/limits.ts';
import type { Principal } from '../../../src/core/principal.ts';

const AT = '2026-11-21T12:00:00.000Z';
const ann: Principal = { kind: 'user', user: 'ann', role: 'publisher', groups: [], credentialId: 'session-1', permissions: ['record:read'] };

describe('an audit entry', () => {
  it('tells who did what to which record, from where, in which request', () => {
    const entry = auditEntryOf({ principal: ann, address: '10.0.0.7', requestId: 'r-1' }, AT, { action: 'record:update', record: 'edge-7', changes: [{ path: 'a', before: 1, after: 2 }] });
    expect(entry).toEqual({
      at: AT, who: 'user:ann', user: 'ann', from: '10.0.0.7', request_id: 'r-1', action: 'record:update', record: 'edge-7', target: null,
      changes: [{ path: 'a', before: 1, after: 2 }], outcome: 'done', code: null,
    });
  });

  it('names a token by its id and its user beside it', () => {
    const principal: Principal = { ...ann, kind: 'token', credentialId: 'abc' };
    expect(auditEntryOf({ principal, address: '::1', requestId: 'r' }, AT, { action: 'record:read', outcome: 'denied', code: 'FORBIDDEN' })).toMatchObject({
      who: 'token:abc', user: 'ann', outcome: 'denied', code: 'FORBIDDEN',
    });
  });

  it('names those who are no users by their kind, and the service itself as system', () => {
    const nobody: Principal = { kind: 'anonymous', user: null, role: null, groups: [], credentialId: null, permissions: [] };
    expect(auditEntryOf({ principal: nobody, address: '', requestId: '' }, AT, { action: 'session:login' })).toMatchObject({ who: 'anonymous', user: null });
    expect(auditEntryOf(null, AT, { action: 'audit:prune' })).toMatchObject({ who: 'system', user: null, from: '', request_id: '' });
  });
});

describe('audited changes', () => {
  it('tell each field that differs by its dotted path, and none that is equal', () => {
    expect(auditedChanges({ name: 'a', config: { mirror: true, region: 'eu' }, tags: ['x'] }, { name: 'b', config: { mirror: true, region: 'us' }, tags: ['x'] })).toEqual([
      { path: 'name', before: 'a', after: 'b' },
      { path: 'config.region', before: 'eu', after: 'us' },
    ]);
  });

  it('tell what is new without before, and what is gone without after', () => {
    expect(auditedChanges({ a: { b: 1 }, gone: null }, { a: { b: 1, c: 2 }, d: { e: false } })).toEqual([
      { path: 'a.c', after: 2 },
      { path: 'gone', before: null },
      { path: 'd.e', after: false },
    ]);
    expect(auditedChanges(null, { a: { b: 1 }, empty: {} })).toEqual([{ path: 'a.b', after: 1 }, { path: 'empty', after: {} }]);
    expect(auditedChanges({ a: 1 }, null)).toEqual([{ path: 'a', before: 1 }]);
  });

  it('tell arrays, and values that change their type, whole', () => {
    expect(auditedChanges({ tags: ['a', 'b'], x: 1 }, { tags: ['a'], x: { y: 1 } })).toEqual([
      { path: 'tags', before: ['a', 'b'], after: ['a'] },
      { path: 'x', before: 1, after: { y: 1 } },
    ]);
  });

  it.each(['password', 'PASSWORD', 'db_passwd', 'clientSecret', 'api_key', 'apiKey', 'API-Key', 'x-auth-token', 'private_key', 'credentials', 'authorization', 'auth', 'pwd'])(
    'never tell what lies under the key %s',
    (key) => {
      expect(auditedChanges({ [key]: 'hunter1' }, { [key]: 'hunter2' })).toEqual([{ path: key, changed: true }]);
      expect(auditedChanges({ [key]: { deep: ['hunter1'] } }, {})).toEqual([{ path: key, changed: true }]);
      expect(auditedChanges({ list: [] }, { list: [{ inner: { [key]: 'hunter2' } }] })).toEqual([{ path: 'list', changed: true }]);
      expect(auditedChanges({ a: 1 }, { a: { [key]: 'hunter2' } })).toEqual([{ path: 'a', changed: true }]);
      expect(auditedChanges({ [key]: 'same' }, { [key]: 'same' })).toEqual([]);
    },
  );

  it.each(['-----BEGIN RSA PRIVATE KEY-----\nabc', 'https://ann:hunter2@registry.example.com', 'use ptl_0123456789abcdef_x'])('never tell a value that holds a secret: %j', (text) => {
    expect(auditedChanges({ note: 'none' }, { note: text })).toEqual([{ path: 'note', changed: true }]);
    expect(auditedChanges({ note: [{ deep: text }] }, {})).toEqual([{ path: 'note', changed: true }]);
  });

  it('tell ordinary settings with words such as auth in them', () => {
    expect(auditedChanges({ auth_required: true, author: 'a' }, { auth_required: false, author: 'b' })).toHaveLength(2);
    expect(auditedChanges({ auth_required: true }, { auth_required: false })).toEqual([{ path: 'auth_required', before: true, after: false }]);
  });

  it('tell long values as changed, and keep paths short', () => {
    const long = 'x'.repeat(limits.auditedValueLengthMax);
    expect(auditedChanges({ a: long }, { a: 'short' })).toEqual([{ path: 'a', changed: true }]);
    expect(auditedChanges({ a: long.slice(2) }, { a: 'short' })).toEqual([{ path: 'a', before: long.slice(2), after: 'short' }]);
    expect(auditedChanges({}, { ['k'.repeat(5_000)]: 1 })[0]?.path).toHaveLength(limits.auditedPathLengthMax + 1);
  });

  it('keep so many changes and no more; the last then stands for the rest', () => {
    const many = (count: number): Record<string, number> => Object.fromEntries(Array.from({ length: count }, (_unused, index) => [`k${index}`, index]));
    expect(auditedChanges(null, many(limits.auditedChangesMax)).at(-1)).toEqual({ path: `k${limits.auditedChangesMax - 1}`, after: limits.auditedChangesMax - 1 });
    const cut = auditedChanges(null, many(limits.auditedChangesMax + 1));
    expect(cut).toHaveLength(limits.auditedChangesMax);
    expect(cut.at(-1)).toEqual({ path: '', changed: true });
  });

  it('take prototype names for keys like any other', () => {
    const odd = JSON.parse('{"__proto__": 1, "constructor": {"x": 1}}');
    expect(auditedChanges(odd, {})).toEqual([{ path: '__proto__', before: 1 }, { path: 'constructor.x', before: 1 }]);
  });
});
