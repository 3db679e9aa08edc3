import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { StartError } from './core/errors.ts';

/** Less than any orchestrator waits before it calls a check failed by itself. */
const ANSWER_TIMEOUT_MS = 4_000;

/** The address that a service bound to `host` is reached at from its own machine. */
export function localUrl(scheme: 'http' | 'https', host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/**
 * Asks a service on this machine whether it is alive: what an image's health check runs, where there is no curl. Its
 * certificate is not checked, since no certificate names this address.
 * @throws {StartError} that says what came instead of a 200
 */
export function checkHealth(url: string): Promise<void> {
  const options = { timeout: ANSWER_TIMEOUT_MS, rejectUnauthorized: false, agent: false } as const;
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new StartError(`${url}/health ${what}.`));
    const get = url.startsWith('https:') ? getHttps : getHttp;
    const request = get(`${url}/health`, options, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else fail(`answers ${response.statusCode ?? 'without a status'}`);
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)));
    request.once('error', (error) => fail(`does not answer: ${error.message}`));
  });
}
