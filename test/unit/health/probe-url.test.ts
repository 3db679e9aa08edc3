import { probeUrlOf, redirectTarget, withoutUserInfo } from '../../../src/health/probe-url.ts';

describe('probeUrlOf', () => {
  it.each([
    ['http://h', 'http://h/v2/'],
    ['http://h/', 'http://h/v2/'],
    ['http://h:5000', 'http://h:5000/v2/'],
    ['https://h:443/', 'https://h/v2/'],
    ['http://h/p', 'http://h/p/v2/'],
    ['http://h/p/q//', 'http://h/p/q/v2/'],
    ['http://h/a%20b', 'http://h/a%20b/v2/'],
    ['HTTP://H/P', 'http://h/P/v2/'],
    ['http://[::1]:5000', 'http://[::1]:5000/v2/'],
    ['http://2130706433/', 'http://127.0.0.1/v2/'],
    ['http://user:secret@h/p?q=1#f', 'http://h/p/v2/'],
    ['http://:@h/p?#', 'http://h/p/v2/'],
    ['http://h/p#', 'http://h/p/v2/'],
  ])('%s', (publicUrl, expected) => {
    expect(probeUrlOf(publicUrl)?.href).toBe(expected);
  });

  it.each(['', 'registry.example', '//h', 'file:///etc/passwd', 'data:,x', 'ftp://h', 'gopher://h', 'unix:/x', 'javascript:alert(1)', 'http://', 'http://a b', `http://h/${'x'.repeat(10_000)}`])(
    'abuse 6: finds nothing to probe in %j',
    (text) => {
      expect(probeUrlOf(text)).toBeNull();
    },
  );
});

describe('redirectTarget', () => {
  const from = new URL('https://h/p/v2/');

  it.each([
    ['/v2/', 'https://h/v2/'],
    ['x?y=1', 'https://h/p/v2/x?y=1'],
    ['//other.example/v2/', 'https://other.example/v2/'],
    ['http://plain.example/', 'http://plain.example/'],
    ['http://user:secret@plain.example/', 'http://plain.example/'],
  ])('%s', (location, expected) => {
    expect(redirectTarget(from, location).href).toBe(expected);
  });

  it.each(['file:///etc/passwd', 'javascript:alert(1)', 'data:,x', 'http://', `/${'x'.repeat(10_000)}`])('refuses %j', (location) => {
    expect(() => redirectTarget(from, location)).toThrow(expect.objectContaining({ outcome: 'bad_redirect' }));
  });
});

it('abuse 7: hides user names and passwords of URLs that are shown although they are no good', () => {
  expect(withoutUserInfo('ftp://user:secret@h/x')).toBe('ftp://h/x');
  expect(withoutUserInfo('ftp://u@s:secret@h/x')).toBe('ftp://h/x');
  expect(withoutUserInfo('not a URL')).toBe('not a URL');
});
