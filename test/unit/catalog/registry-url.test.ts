import { checkRegistryUrl, imagePrefixOf } from '../../../src/catalog/registry-url.ts';
import { limits } from '../../../src/core/limits.ts';

describe('a registry’s public URL', () => {
  it.each([
    'http://10.13.21.22:32633',
    'https://registry.example.com',
    'https://registry.example.com/',
    'https://registry.example.com:8443/team/a',
    'HTTPS://Registry.Example.com',
    'http://[2001:db8::1]:5000',
    'http://localhost:5000',
    'https://xn--bcher-kva.example',
    'https://registry.example.com/a%20b',
    'http://169.254.169.254',
    `http://a/${'x'.repeat(limits.urlLengthMax - 'http://a/'.length)}`,
  ])('may be %.60s', (url) => {
    expect(checkRegistryUrl(url)).toBeNull();
  });

  it.each(['file:///etc/passwd', 'data:text/plain,x', 'ftp://a', 'gopher://a', 'unix:/run/docker.sock', 'javascript:alert(1)', 'ws://a', 'blob:http://a/x'])(
    'abuse 6: may not be %s',
    (url) => {
      expect(checkRegistryUrl(url)).toMatch(/must begin with http/);
    },
  );

  it.each([
    ['https://a@b', /user name or password/],
    ['https://user:secret@b', /user name or password/],
    ['https://@b', /user name or password/],
    ['https://a%40b@c', /user name or password/],
    ['http://a\r\nX-Evil: 1', /visible ASCII/],
    ['http://a/\n', /visible ASCII/],
    ['http://a\tb', /visible ASCII/],
    ['http://a\0', /visible ASCII/],
    [' http://a', /visible ASCII/],
    ['http://a ', /visible ASCII/],
    ['http://аpple.example', /xn--/],
    ['http://exa\u00admple.com', /visible ASCII/],
    [`http://a/${'x'.repeat(10_000)}`, /longer than 2048/],
  ])('abuse 7: may not be %j', (url, complaint) => {
    expect(checkRegistryUrl(url)).toMatch(complaint);
  });

  it.each([
    ['', /must begin with http/],
    ['registry.example.com', /must begin with http/],
    ['http:', /must begin with http/],
    ['http://', /must begin with http/],
    ['http:///v2', /must begin with http/],
    ['http:/a', /must begin with http/],
    ['https:\\\\a', /must begin with http/],
    ['https://a\\@b', /must begin with http/],
    ['http://a:99999', /not a URL/],
    ['http://%00', /not a URL/],
    ['http://a%40b', /not a URL/],
    ['http://1.2.3.4.5', /not a URL/],
    ['http://[::1', /not a URL/],
    ['http://a?x=1', /query or fragment/],
    ['http://a?', /query or fragment/],
    ['http://a/#', /query or fragment/],
  ])('may not be %j', (url, complaint) => {
    expect(checkRegistryUrl(url)).toMatch(complaint);
  });
});

describe('the image prefix of a URL', () => {
  it.each([
    ['http://10.13.21.22:32633', '10.13.21.22:32633'],
    ['https://Registry.Example.com/', 'registry.example.com'],
    ['https://registry.example.com:8443/team/a//', 'registry.example.com:8443/team/a'],
    ['https://registry.example.com:443/x', 'registry.example.com/x'],
    ['http://[2001:db8::1]:5000', '[2001:db8::1]:5000'],
  ])('of %s is %s', (url, prefix) => {
    expect(imagePrefixOf(url)).toBe(prefix);
  });

  it.each([undefined, null, 7, 'ftp://a', 'https://user:secret@b', {}])('of %j is empty: the URL is refused elsewhere', (url) => {
    expect(imagePrefixOf(url)).toBe('');
  });
});
