import { limits } from '../../../src/core/limits.ts';
import { parseChallenge } from '../../../src/health/challenge.ts';

describe('parseChallenge', () => {
  it.each([
    ['Bearer realm="https://auth.docker.io/token",service="registry.docker.io"', 'Bearer', 'https://auth.docker.io/token', 'registry.docker.io'],
    ['Bearer realm="https://a.example/t", service="r", scope="repository:a/b:pull,push"', 'Bearer', 'https://a.example/t', 'r'],
    ['Basic realm="Registry Realm"', 'Basic', 'Registry Realm', null],
    ['basic', 'basic', null, null],
    ['BEARER REALM=https://a.example/t SERVICE=r', 'BEARER', 'https://a.example/t', 'r'],
    ['Bearer  realm = "https://a.example/t" , service = r', 'Bearer', 'https://a.example/t', 'r'],
    ['Basic realm="a \\"quoted\\" \\\\ name"', 'Basic', 'a "quoted" \\ name', null],
    ['Basic realm="a, Bearer realm=b"', 'Basic', 'a, Bearer realm=b', null],
    ['Negotiate, Basic realm="x"', 'Basic', 'x', null],
    ['Digest realm="x", nonce="abc==", qop="auth"', 'Digest', 'x', null],
    ['Basic realm="x", Bearer realm="https://a.example/t"', 'Bearer', 'https://a.example/t', null],
    ['Basic realm=""', 'Basic', '', null],
    ['Basic realm="never ends', 'Basic', null, null],
  ])('%s', (header, scheme, realm, service) => {
    expect(parseChallenge([header])).toEqual({ scheme, realm, service });
  });

  it.each(['', ' ', '=', '"', 'Bearer', 'garbage', 'Bearer service="x"', 'realm="x"', '\u0000\u0001', 'Negotiate abc=='])('finds nothing to act upon in %j', (header) => {
    expect(parseChallenge([header])).toBeNull();
  });

  it('looks through all headers, and finds none where there is none', () => {
    expect(parseChallenge(['Basic realm="x"', 'Bearer realm="https://a.example/t"'])).toMatchObject({ scheme: 'Bearer' });
    expect(parseChallenge([])).toBeNull();
  });

  it.each(['a="', 'a=\\"', '"', 'a ', 'a=b,', '\\', 'Bearer realm="\\', 'a= '])('abuse 10: takes time in proportion to a header of repeated %j', (part) => {
    const header = part.repeat(Math.ceil(limits.probeHeaderBytesMax / part.length));
    const startMs = performance.now();
    parseChallenge([header]);
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  it('keeps no more of a text than a result may quote', () => {
    expect(parseChallenge([`Basic realm="${'x'.repeat(10_000)}"`])?.realm).toHaveLength(limits.probeTextLengthMax);
  });
});
