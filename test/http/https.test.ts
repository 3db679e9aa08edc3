import { once } from 'node:events';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls, TLSSocket, type SecureVersion } from 'node:tls';
import { certificateFilesOf, readCertificate, type CertificateFiles } from '../../src/http/certificate.ts';
import { startServer, type HttpServer } from '../../src/http/server.ts';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { rememberingLog } from '../support/remembering-log.ts';
import { temporaryFolder } from '../support/service.ts';
import { until } from '../support/until.ts';

const authority = makeCertificate({ commonName: 'authority', isAuthority: true });
const issue = (commonName: string, keyType: 'ec' | 'rsa' = 'ec'): TestCertificate => makeCertificate({ commonName, names: ['127.0.0.1'], issuer: authority, keyType });

let folder: string;
let files: CertificateFiles;
let log: ReturnType<typeof rememberingLog> & { debug: () => void; flush: () => void };
beforeEach(async () => {
  folder = await temporaryFolder();
  files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  log = { ...rememberingLog(), debug: () => undefined, flush: () => undefined };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put({ certPem, keyPem }: TestCertificate): Promise<void> {
  await Promise.all([writeFile(files.certFile, certPem), writeFile(files.keyFile, keyPem)]);
}

const hello: RequestListener = (incoming, response) => void response.end(`hello over ${'encrypted' in incoming.socket ? 'TLS' : 'TCP'}`);

async function get(url: string): Promise<{ body: string; commonName: string }> {
  const sent = request(url, { ca: authority.certPem, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { socket } = response;
  if (!(socket instanceof TLSSocket)) throw new Error('The answer did not come over TLS.');
  const { CN: commonName } = socket.getPeerCertificate().subject;
  return { body: await text(response), commonName: String(commonName) };
}

describe('HTTPS', () => {
  let server: HttpServer;
  beforeEach(async () => {
    await put(issue('first'));
    server = await startServer(hello, { host: '127.0.0.1', port: 0, certificate: files }, log);
  });
  afterEach(() => server.close({ delayMs: 0, timeoutMs: 0 }));

  it('is served with the certificate of the files', async () => {
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await get(server.url)).toEqual({ body: 'hello over TLS', commonName: 'first' });
  });

  it('takes up a renewed certificate by itself, also one with another kind of key', async () => {
    await put(issue('second', 'rsa'));
    await until(async () => (await get(server.url)).commonName === 'second');
    expect(log.lines.map(({ message }) => message)).toContain('the certificate was read again');
  });

  it('takes up files that were put in the place of the old ones', async () => {
    const { certPem, keyPem } = issue('replaced');
    await Promise.all([writeFile(`${files.certFile}.new`, certPem), writeFile(`${files.keyFile}.new`, keyPem)]);
    await Promise.all([rename(`${files.certFile}.new`, files.certFile), rename(`${files.keyFile}.new`, files.keyFile)]);
    await until(async () => (await get(server.url)).commonName === 'replaced');
  });

  it('goes on with the old certificate while the new one cannot be used, and says so', async () => {
    await writeFile(files.certFile, 'half a certif');
    await until(() => log.lines.some(({ level }) => level === 'error'));
    expect((await get(server.url)).commonName).toBe('first');
    expect(JSON.stringify(log.lines)).toContain('cert.pem');
    await put(issue('mended'));
    await until(async () => (await get(server.url)).commonName === 'mended');
  });

  it.each<[SecureVersion, boolean]>([
    ['TLSv1', false],
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ])('%s is spoken: %s', async (version, isSpoken) => {
    const { port } = new URL(server.url);
    // Old versions are beyond what OpenSSL itself allows at its usual level.
    const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca: authority.certPem, minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' });
    const outcome = await once(socket, 'secureConnect').then(() => true, () => false);
    socket.destroy();
    expect(outcome).toBe(isSpoken);
  });

  it('does not speak plain HTTP, and survives who tries', async () => {
    const { port } = new URL(server.url);
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await text(socket).catch(() => '')).not.toContain('hello');
    expect((await get(server.url)).body).toBe('hello over TLS');
  });

  it('closes although a client never ends its handshake', async () => {
    const { port } = new URL(server.url);
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    await once(socket.on('error', () => undefined), 'connect');
    await server.close({ delayMs: 0, timeoutMs: 100 });
    if (!socket.closed) await once(socket, 'close');
  });
});

describe('the files of the certificate', () => {
  it('are both set or neither', () => {
    expect(certificateFilesOf('', '')).toBeNull();
    expect(certificateFilesOf('a', 'b')).toEqual({ certFile: 'a', keyFile: 'b' });
    expect(() => certificateFilesOf('a', '')).toThrow(/^TLS_KEY_FILE is missing/);
    expect(() => certificateFilesOf('', 'b')).toThrow(/^TLS_CERT_FILE is missing/);
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    ['a certificate that is not there', () => rm(files.certFile), /^TLS_CERT_FILE: cannot read .*cert\.pem/],
    ['a key that is not there', () => rm(files.keyFile), /^TLS_KEY_FILE: cannot read .*key\.pem/],
    ['what is no certificate', () => writeFile(files.certFile, 'x'), /^TLS_CERT_FILE: .*cert\.pem holds no certificate in PEM/],
    ['what is no key', () => writeFile(files.keyFile, 'x'), /^TLS_KEY_FILE: .*key\.pem holds no private key/],
    ['the key of another certificate', () => writeFile(files.keyFile, issue('other').keyPem), /^TLS_KEY_FILE: .*key\.pem is not the key of the certificate in .*cert\.pem/],
    ['a damaged chain', async () => writeFile(files.certFile, `${issue('x').certPem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`), /^TLS_(CERT|KEY)_FILE: /],
  ])('%s is refused by name', async (_what, spoil, message) => {
    await put(issue('first'));
    await spoil();
    expect(() => readCertificate(files)).toThrow(message);
    expect(() => readCertificate(files)).toThrow(expect.objectContaining({ name: 'StartError' }));
  });
});
