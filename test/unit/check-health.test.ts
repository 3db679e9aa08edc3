import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { checkHealth, localUrl } from '../../src/check-health.ts';
import { makeCertificate } from '../support/certificates.ts';

const answering = (status: number): RequestListener => (request, response) => {
  response.writeHead(request.url === '/health' ? status : 404).end();
};

async function outcomeOf(server: Server, scheme: 'http' | 'https'): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  try {
    await checkHealth(localUrl(scheme, '0.0.0.0', port));
    return 'healthy';
  } catch (error) {
    return error instanceof Error ? error.message.replace(String(port), 'PORT') : String(error);
  } finally {
    server.close();
  }
}

describe('the check of one’s own health', () => {
  it('reaches a service that listens on every address by loopback', () => {
    expect([localUrl('http', '0.0.0.0', 8000), localUrl('https', '::', 8443), localUrl('http', '10.0.0.7', 80)]).toEqual(['http://127.0.0.1:8000', 'https://[::1]:8443', 'http://10.0.0.7:80']);
  });

  it('takes a 200 and nothing else', async () => {
    expect(await outcomeOf(createServer(answering(200)), 'http')).toBe('healthy');
    expect(await outcomeOf(createServer(answering(503)), 'http')).toBe('http://127.0.0.1:PORT/health answers 503.');
  });

  it('does not mind that no certificate names the loopback address', async () => {
    const { certPem, keyPem } = makeCertificate({ commonName: 'catalog.example.com' });
    expect(await outcomeOf(createTlsServer({ cert: certPem, key: keyPem }, answering(200)), 'https')).toBe('healthy');
  });

  it('says why there was no answer', async () => {
    const cutting = createServer((request) => request.socket.destroy());
    expect(await outcomeOf(cutting, 'http')).toBe('http://127.0.0.1:PORT/health does not answer: socket hang up.');
  });
});
