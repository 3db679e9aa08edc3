import { isSameHash, newApiToken, readApiToken } from '../../../src/auth/api-token.ts';

describe('an API token', () => {
  it('is read as what was made, and its hash does not tell the secret', () => {
    const { id, secretHash, text } = newApiToken();
    expect(text).toMatch(/^ptl_[0-9A-Za-z]{16}_[A-Za-z0-9_-]{43}_[0-9A-Za-z]{6}$/);
    expect(readApiToken(text)).toEqual({ id, secretHash });
    expect(secretHash).toMatch(/^[0-9a-f]{64}$/);
    expect(text).not.toContain(secretHash);
  });

  it('is never the same twice', () => {
    const made = Array.from({ length: 100 }, newApiToken);
    expect(new Set(made.map(({ id }) => id)).size).toBe(100);
    expect(new Set(made.map(({ secretHash }) => secretHash)).size).toBe(100);
  });

  it('abuse 28: is not one when a single character differs, which its check tells without a look-up', () => {
    const { text } = newApiToken();
    for (let position = 0; position < text.length; position++) {
      const other = text[position] === 'x' ? 'y' : 'x';
      expect(readApiToken(text.slice(0, position) + other + text.slice(position + 1))).toBeNull();
    }
  });

  it('abuse 28: is not one in part, or with something before or after it', () => {
    const { text } = newApiToken();
    for (let length = 0; length < text.length; length++) expect(readApiToken(text.slice(0, length))).toBeNull();
    for (const other of [`${text} `, `${text}\n`, ` ${text}`, `${text}a`, text.toLowerCase(), text.toUpperCase()]) expect(readApiToken(other)).toBeNull();
  });
});

describe('comparing hashes', () => {
  const { secretHash } = newApiToken();

  it('abuse 28: takes the same one only, neither another of the same length nor a part', () => {
    expect(isSameHash(secretHash, secretHash)).toBe(true);
    expect(isSameHash(secretHash, newApiToken().secretHash)).toBe(false);
    expect(isSameHash(secretHash.slice(0, 32), secretHash)).toBe(false);
    expect(isSameHash('', secretHash)).toBe(false);
  });
});
