import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { createKeyRing } from '../../../src/secrets/key-ring.ts';
import { limits } from '../../../src/core/limits.ts';
import { accessFixture, secretKeys, type AccessFixture } from '../../support/access.ts';
import { rememberingLog } from '../../support/remembering-log.ts';

type Fields = Readonly<Record<string, unknown>>;

const encode = (value: Fields | string): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (part: string): Fields => JSON.parse(Buffer.from(part, 'base64url').toString()) as Fields;

/** Everything that an attacker who has read this code and the store could know, and, for some cases, the service's own key. */
interface Forge {
  readonly header: Fields;
  readonly claims: Fields;
  readonly key: Buffer;
  token(header: Fields | string, claims: Fields | string, key?: Buffer, digest?: string): string;
}

let fixture: AccessFixture;
let forge: Forge;
beforeEach(async () => {
  fixture = await accessFixture();
  const [header = '', claims = ''] = (await fixture.login('ann')).split('.');
  const { kid } = decode(header);
  const key = createKeyRing(secretKeys, rememberingLog()).derive(`jwt:${kid as string}`);
  forge = {
    header: decode(header),
    claims: decode(claims),
    key,
    token(forgedHeader, forgedClaims, forgedKey = key, digest = 'sha256') {
      const signed = `${encode(forgedHeader)}.${encode(forgedClaims)}`;
      return `${signed}.${createHmac(digest, forgedKey).update(signed).digest('base64url')}`;
    },
  };
});

const nowS = (): number => Math.floor(fixture.clock.nowMs() / 1000);
const expectRefusal = (token: string): Promise<void> => expect(fixture.who(token)).rejects.toMatchObject({ code: 'TOKEN_REJECTED', status: 401 });

it('a token that is made like ours is taken, so that what follows fails for its own reason', async () => {
  expect(await fixture.who(forge.token(forge.header, forge.claims))).toMatchObject({ kind: 'user', user: 'ann', role: 'publisher', groups: ['ops'] });
});

describe('abuse 26: a session token is refused when its header', () => {
  it.each([
    ['says that there is no signature', { alg: 'none' }],
    ['says so in other letters', { alg: 'None' }],
    ['names another algorithm', { alg: 'HS512' }],
    ['names no algorithm', { alg: undefined }],
    ['names no key', { kid: undefined }],
    ['names a file as its key', { kid: '../../../../dev/null' }],
    ['names a key that is not there', { kid: 'AAAAAAAAAAAAAAAA' }],
    ['names its key by a number', { kid: 1 }],
    ['names the prototype as its key', { kid: '__proto__' }],
    ['brings its own key', { jwk: { kty: 'oct', k: 'AAAA' } }],
    ['names a URL of keys', { jku: 'http://127.0.0.1:1/keys.json' }],
    ['names a certificate by URL', { x5u: 'http://127.0.0.1:1/cert.pem' }],
    ['brings a certificate', { x5c: ['AAAA'] }],
    ['demands an extension', { crit: ['exp'], exp: 1 }],
    ['leaves its payload unencoded', { crit: ['b64'], b64: false }],
    ['is of another type', { typ: 'JWT' }],
    ['is of the type in other letters', { typ: 'AT+JWT' }],
    ['has no type', { typ: undefined }],
    ['has a content type', { cty: 'JWT' }],
  ])('%s', async (_, change) => {
    await expectRefusal(forge.token({ ...forge.header, ...change }, forge.claims));
  });

  it('says that there is no signature, and there is none', async () => {
    for (const alg of ['none', 'HS256']) await expectRefusal(`${encode({ ...forge.header, alg })}.${encode(forge.claims)}.`);
  });

  it.each(['', 'null', '[]', '"x"', '{', 'x'.repeat(1_000)])('is %j', async (header) => {
    await expectRefusal(forge.token(header, forge.claims));
  });
});

describe('abuse 26: a session token is refused when it is signed', () => {
  it.each([
    ['with an empty key', Buffer.alloc(0)],
    ['with zeros', Buffer.alloc(32)],
    ['with the secret key itself', Buffer.from(secretKeys[0])],
  ])('%s', async (_, key) => {
    await expectRefusal(forge.token(forge.header, forge.claims, key));
  });

  it('with a public key as the secret', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await expectRefusal(forge.token(forge.header, forge.claims, Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))));
  });

  it('with RSA', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signed = `${encode({ ...forge.header, alg: 'RS256' })}.${encode(forge.claims)}`;
    await expectRefusal(`${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`);
  });

  it('by our key with another algorithm', async () => {
    await expectRefusal(forge.token({ ...forge.header, alg: 'HS512' }, forge.claims, forge.key, 'sha512'));
    await expectRefusal(forge.token(forge.header, forge.claims, forge.key, 'sha512'));
  });

  it('for other claims', async () => {
    const [header, , signature] = forge.token(forge.header, forge.claims).split('.');
    const claims: Fields = { ...forge.claims, sub: 'admin' };
    await expectRefusal([header, encode(claims), signature].join('.'));
  });
});

describe('abuse 26: a session token is refused, though our key signed it, when', () => {
  it.each<[string, () => Fields]>([
    ['somebody else issued it', () => ({ iss: 'other' })],
    ['it has no issuer', () => ({ iss: undefined })],
    ['it is for somebody else', () => ({ aud: 'other' })],
    ['it is for others, too', () => ({ aud: ['portolan', 'other'] })],
    ['it is for nobody', () => ({ aud: undefined })],
    ['it expired a second ago', () => ({ exp: nowS() - 1 })],
    ['it expires now', () => ({ exp: nowS() })],
    ['it never expires', () => ({ exp: undefined })],
    ['it expires at a time that is none', () => ({ exp: 'tomorrow' })],
    ['it is for later', () => ({ nbf: nowS() + 1 })],
    ['it is for any time', () => ({ nbf: undefined })],
    ['it has no subject', () => ({ sub: undefined })],
    ['its subject is somebody else', () => ({ sub: 'admin' })],
    ['its subject is an operator', () => ({ sub: { $ne: null } })],
    ['it has no session', () => ({ sid: undefined })],
    ['its session is another', () => ({ sid: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['it has no id', () => ({ jti: undefined })],
  ])('%s', async (_, change) => {
    await expectRefusal(forge.token(forge.header, { ...forge.claims, ...change() }));
  });

  it.each(['', 'null', '[]', '{'])('its claims are %j', async (claims) => {
    await expectRefusal(forge.token(forge.header, claims));
  });
});

describe('abuse 26: what is no token at all is refused', () => {
  it.each(['a', '.', '..', 'a.b.c', 'a.b.c.d', 'ptl_', 'ptr_', 'eyJ', 'null', '__proto__'])('%s', async (text) => {
    await expectRefusal(text);
  });

  it('20 KB are refused before anything is done with them', () => {
    const long = forge.token(forge.header, { ...forge.claims, more: 'x'.repeat(20_000) });
    expect(() => fixture.authenticator.authenticate(`Bearer ${long}`)).toThrow(expect.objectContaining({ code: 'TOKEN_REJECTED' }));
    expect(() => fixture.authenticator.authenticate('x'.repeat(1_000_000))).toThrow(expect.objectContaining({ code: 'TOKEN_REJECTED' }));
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic YWRtaW46YWRtaW4=', 'Bearer a b', 'Bearer ünicode', 'Token x', 'Bearer\ta'])('the header %j', (header) => {
    expect(() => fixture.authenticator.authenticate(header)).toThrow(expect.objectContaining({ code: 'TOKEN_REJECTED' }));
  });

  it('forged keys make the store look once a second at most', async () => {
    let lists = 0;
    const list = fixture.entries.list.bind(fixture.entries);
    fixture.entries.list = (...given) => ((lists += 1), list(...given));
    for (let attempt = 0; attempt < 100; attempt++) {
      await expectRefusal(forge.token({ ...forge.header, kid: `AAAAAAAAAAAAA${String(attempt).padStart(3, '0')}` }, forge.claims));
      fixture.clock.pass(20);
    }
    expect(lists).toBeLessThanOrEqual(3);
  });
});

describe('a session token', () => {
  it('lasts a quarter of an hour, to the second, also where it is known', async () => {
    const token = await fixture.login('ann');
    fixture.clock.pass(limits.accessTokenLifetimeS * 1000 - 1_000);
    expect(await fixture.who(token)).toMatchObject({ user: 'ann' });
    fixture.clock.pass(999);
    expect(await fixture.who(token)).toMatchObject({ user: 'ann' });
    fixture.clock.pass(1);
    await expectRefusal(token);
  });

  it('is good at once where the clock is some seconds behind', async () => {
    const token = await fixture.login('ann');
    fixture.clock.pass(-limits.clockLeewayS * 1000);
    expect(await fixture.who(token)).toMatchObject({ user: 'ann' });
  });

  it('holds nothing but names and times', () => {
    expect(Object.keys(forge.header).sort()).toEqual(['alg', 'kid', 'typ']);
    expect(forge.header).toMatchObject({ alg: 'HS256', typ: 'at+jwt' });
    expect(Object.keys(forge.claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sid', 'sub']);
  });
});
