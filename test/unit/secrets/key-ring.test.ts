import { AppError } from '../../../src/core/errors.ts';
import { createKeyRing, keyIdOf } from '../../../src/secrets/key-ring.ts';
import { secretKeys } from '../../support/access.ts';
import { rememberingLog } from '../../support/remembering-log.ts';

const [older, newer] = secretKeys;
const log = rememberingLog();
const ring = createKeyRing([older], log);

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

beforeEach(() => void log.lines.splice(0));

describe('what is sealed', () => {
  it.each(['hunter2', '', 'ключ 🔑', 'x'.repeat(100_000)])('can be opened again where it belongs', (text) => {
    expect(ring.open(ring.seal(text, 'credential\na'), 'credential\na')).toBe(text);
  });

  it('abuse 39: tells nothing of the text or of the key, and is never the same twice', () => {
    const sealed = ring.seal('hunter2', 'here');
    expect(sealed).not.toContain('hunter2');
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes('hunter2')).toBe(false);
    expect(sealed).not.toContain(older);
    expect(ring.seal('hunter2', 'here')).not.toBe(sealed);
    expect(keyIdOf(sealed)).toBe(ring.ids[0]);
  });

  it('abuse 39: cannot be opened after it was moved to another place', () => {
    const sealed = ring.seal('hunter2', 'credential\na');
    expect(refusal(() => ring.open(sealed, 'credential\nb')).code).toBe('SECRETS_LOCKED');
    expect(log.lines).toMatchObject([{ level: 'error', message: expect.stringContaining('moved') }]);
    expect(JSON.stringify(log.lines)).not.toContain('hunter2');
  });

  it('abuse 39: cannot be opened when a single character differs', () => {
    const sealed = ring.seal('hunter22', 'here');
    for (let position = sealed.lastIndexOf('.') + 1; position < sealed.length; position++) {
      const other = sealed[position] === 'Q' ? 'g' : 'Q';
      expect(refusal(() => ring.open(sealed.slice(0, position) + other + sealed.slice(position + 1), 'here')).code).toBe('SECRETS_LOCKED');
    }
  });

  it.each(['', 'v1', 'v1..', 'v2.0000000000000000.AAAA', 'hunter2', `v1.${'0'.repeat(16)}.AAAA`])('abuse 39: %j is no sealed text, and refused as such', (text) => {
    expect(refusal(() => ring.open(text, 'here')).code).toBe('SECRETS_LOCKED');
    expect(keyIdOf(text)).toBeNull();
  });

  it('abuse 39: cannot be opened with another key, which the log tells by its id', () => {
    const sealed = ring.seal('hunter2', 'here');
    expect(refusal(() => createKeyRing([newer], log).open(sealed, 'here')).code).toBe('SECRETS_LOCKED');
    expect(log.lines).toMatchObject([{ level: 'error', message: expect.stringContaining('SECRET_KEY'), fields: { key: ring.ids[0] } }]);
  });
});

describe('exchanging keys', () => {
  it('abuse 39: the first key seals, and those after it still open what they sealed', () => {
    const sealed = ring.seal('hunter2', 'here');
    const both = createKeyRing([newer, older], log);
    expect(both.open(sealed, 'here')).toBe('hunter2');
    const resealed = both.seal(both.open(sealed, 'here'), 'here');
    expect(createKeyRing([newer], log).open(resealed, 'here')).toBe('hunter2');
    expect(refusal(() => ring.open(resealed, 'here')).code).toBe('SECRETS_LOCKED');
  });
});

describe('derived keys', () => {
  it('are the same for the same purpose, and differ for every other purpose and key', () => {
    const both = createKeyRing([newer, older], log);
    expect(both.derive('refresh')).toEqual(createKeyRing([newer], log).derive('refresh'));
    expect(both.derive('refresh', both.ids[1])).toEqual(ring.derive('refresh'));
    expect(both.derive('refresh')).not.toEqual(both.derive('refresh', both.ids[1]));
    expect(both.derive('refresh')).not.toEqual(both.derive('jwt:a'));
    expect(both.derive('refresh')).toHaveLength(32);
  });

  it('are refused for a key that is not on the ring', () => {
    expect(refusal(() => ring.derive('refresh', '0123456789abcdef')).code).toBe('SECRETS_LOCKED');
  });
});

describe('an empty ring', () => {
  const empty = createKeyRing([], log);

  it('abuse 39: says so, and neither seals nor opens nor derives', () => {
    expect(empty.isEmpty).toBe(true);
    expect(empty.ids).toEqual([]);
    for (const work of [() => empty.seal('a', 'b'), () => empty.open(ring.seal('a', 'b'), 'b'), () => empty.derive('refresh')]) {
      expect(refusal(work).code).toBe('SECRETS_LOCKED');
    }
  });
});
