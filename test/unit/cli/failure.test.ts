import { failureOf, Interrupted, UsageError } from '../../../src/cli/failure.ts';
import { ClientError } from '../../../src/client/errors.ts';
import { AppError, StartError } from '../../../src/core/errors.ts';

describe('a failure', () => {
  it.each([
    ['SERVICE_AWAY', 'Nothing answers at http://x. Start it with `npm start`, or name another with --url.'],
    ['SERVICE_TIMEOUT', 'Nothing answers at http://x. Give it longer with --timeout.'],
    ['NOT_PORTOLAN', 'Nothing answers at http://x. Check --url.'],
    ['BAD_SERVICE_URL', 'Nothing answers at http://x. Correct --url, or PORTOLAN_URL in the environment.'],
  ])('of the kind %s says what to do about it', (code, text) => {
    expect(failureOf(new ClientError(code, 'Nothing answers at http://x.'))).toEqual({ exitCode: 2, text });
  });

  it('that the service explains is told in its words, with the places that it names', () => {
    const details = [{ path: 'a.b', message: 'must be text' }, { path: '', message: 'too long' }];
    expect(failureOf(new ClientError('INVALID_RECORD', 'The record is not valid.', { status: 400, details, requestId: 'r1' })).text).toBe('The record is not valid.\n  a.b: must be text\n  too long');
    expect(failureOf(new ClientError('INVALID_RECORD', 'Not valid: must be text.', { status: 400, details: details.slice(0, 1) })).text).toBe('Not valid: must be text.');
  });

  it('lists no more places than a screen holds', () => {
    const details = Array.from({ length: 500 }, (_unused, n) => ({ path: `p${n}`, message: 'is wrong' }));
    expect(failureOf(new ClientError('INVALID_RECORD', 'Not valid.', { details })).text.split('\n')).toHaveLength(21);
  });

  it('inside the service is told with the request id, and one that will pass with the time to wait', () => {
    expect(failureOf(new ClientError('INTERNAL', 'internal error', { status: 500, requestId: 'r-9' })).text).toMatch(/^The service failed at this\. .*\n {2}request id: r-9$/);
    expect(failureOf(new ClientError('STORE_UNAVAILABLE', 'The store does not answer.', { status: 503, retryAfterS: 2 })).text).toBe('The store does not answer. Try again in 2 s.');
  });

  it('of a registry that was to be verified is news about the registry, not an error of the command', () => {
    expect(failureOf(new ClientError('REGISTRY_UNREACHABLE', 'It does not answer.', { status: 422 }))).toEqual({ exitCode: 1, text: 'It does not answer.' });
  });

  it.each([
    ['AUTHENTICATION_REQUIRED', 401, 3, /^Portolan must know who asks for this\. Log in with `portolan login`/],
    ['TOKEN_REJECTED', 401, 3, /Log in again with `portolan login`; where an API token was given with PORTOLAN_TOKEN/],
    ['LOGIN_FAILED', 401, 3, /^Said\.$/],
    ['FORBIDDEN', 403, 3, /^Said\. `portolan whoami` shows/],
    ['INSECURE_TRANSPORT', 403, 2, /^Said\. .*https:\/\//],
    ['QUOTA_REACHED', 403, 2, /^Said\.$/],
    ['LOGIN_SLOWED', 429, 2, /^Said\. Try again in 4 s\.$/],
    ['SECRETS_LOCKED', 503, 2, /^Said\./],
  ])('of the kind %s tells who should log in, or what else helps', (code, status, exitCode, text) => {
    const failure = failureOf(new ClientError(code, 'Said.', { status, retryAfterS: code === 'LOGIN_SLOWED' ? 4 : undefined }));
    expect(failure).toEqual({ exitCode, text: expect.stringMatching(text) });
  });

  it('at a question ends with 130, as shells expect of Ctrl-C', () => {
    expect(failureOf(new Interrupted('interrupted'))).toEqual({ exitCode: 130, text: '' });
  });

  it('on the server’s own machine is told in the words of the service', () => {
    expect(failureOf(new StartError('The folder is in use.'))).toEqual({ exitCode: 2, text: 'The folder is in use.' });
    expect(failureOf(new AppError('CONFLICT'))).toEqual({ exitCode: 2, text: 'Somebody else changed the same thing at the same time.' });
  });

  it('of any other kind is one sentence without a stack', () => {
    expect(failureOf(new UsageError('The file is no JSON.'))).toEqual({ exitCode: 2, text: 'The file is no JSON.' });
    expect(failureOf(new TypeError('x is undefined'))).toEqual({ exitCode: 2, text: 'this is a defect of the command: x is undefined' });
    expect(failureOf('odd').text).not.toContain(' at ');
  });
});
