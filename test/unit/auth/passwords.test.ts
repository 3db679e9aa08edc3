import { createPasswordHasher, passwordCost, type Argon2id } from '../../../src/auth/passwords.ts';
import { limits } from '../../../src/core/limits.ts';
import { quickHash } from '../../support/access.ts';

const cheap = { memoryKib: 8, passes: 1, parallelism: 1 };

describe('a hashed password', () => {
  it('is a PHC string of Argon2id with the parameters in force, matches itself and nothing else', async () => {
    const hasher = createPasswordHasher();
    const phc = await hasher.hash('correct horse');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await hasher.verify('correct horse', phc)).toBe('matches');
    expect(await hasher.verify('correct horsf', phc)).toBe('differs');
    expect(await hasher.verify('', phc)).toBe('differs');
  });

  it('is what other implementations make of it, and is to be hashed anew where its cost is another', async () => {
    // A test vector of the reference implementation: "password" with the salt "somesalt".
    const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await createPasswordHasher().verify('password', phc)).toBe('outdated');
    expect(await createPasswordHasher().verify('passwore', phc)).toBe('differs');
  });

  it('has a salt of its own', async () => {
    const hasher = createPasswordHasher(undefined, cheap);
    expect(await hasher.hash('same')).not.toBe(await hasher.hash('same'));
  });

  it('matches however its characters were encoded', async () => {
    const hasher = createPasswordHasher(undefined, cheap);
    expect(await hasher.verify('caf\u0065\u0301', await hasher.hash('caf\u00e9'))).toBe('matches');
  });

  it.each(['', 'plain', '$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA', '$argon2id$v=19$m=8,t=1,p=1$short$short'])('that is none, such as %j, matches nothing', async (phc) => {
    expect(await createPasswordHasher(undefined, cheap).verify('x', phc)).toBe('differs');
  });
});

describe('abuse 38: where there is no password to compare with', () => {
  it('the same work is done, with the same parameters', async () => {
    const calls: Parameters<Argon2id>[0][] = [];
    const hasher = createPasswordHasher(async (parameters) => (calls.push(parameters), quickHash(parameters)));
    expect(await hasher.verify('guess', null)).toBe('differs');
    await hasher.verify('guess', await hasher.hash('right'));
    const [unknown, , known] = calls.map(({ message, memory, passes, parallelism, tagLength, nonce }) => ({ message, memory, passes, parallelism, tagLength, saltBytes: (nonce as Buffer).length }));
    expect(unknown).toEqual(known);
    expect(unknown).toMatchObject({ memory: passwordCost.memoryKib, passes: passwordCost.passes });
  });
});

describe('many passwords at once', () => {
  it('are hashed a few at a time; more than can wait are refused, and those that waited get their turn', async () => {
    let running = 0;
    let atOnce = 0;
    const hasher = createPasswordHasher(async (parameters) => {
      atOnce = Math.max(atOnce, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return quickHash(parameters);
    });
    const places = limits.passwordHashesAtOnce + limits.passwordHashesWaiting;
    const all = await Promise.allSettled(Array.from({ length: places + 5 }, () => hasher.hash('x')));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(places);
    expect(all.filter(({ status }) => status === 'rejected')).toMatchObject(Array(5).fill({ reason: { code: 'OVERLOADED', retryAfterS: 1 } }));
    expect(atOnce).toBe(limits.passwordHashesAtOnce);
    await expect(hasher.hash('x')).resolves.toMatch(/^\$argon2id/);
  });

  it('do not lose their turn to one that fails', async () => {
    let calls = 0;
    const hasher = createPasswordHasher(async (parameters) => {
      if (++calls <= limits.passwordHashesAtOnce) throw new Error('out of memory');
      return quickHash(parameters);
    });
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => hasher.hash('x')));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(10 - limits.passwordHashesAtOnce);
  });
});
