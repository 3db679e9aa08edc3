import { judgeAnswer, type Answer } from '../../../src/health/judge-answer.ts';
import type { Cause } from '../../../src/health/cause.ts';

const version = { 'docker-distribution-api-version': 'registry/2.0' };
const bearer = { 'www-authenticate': 'Bearer realm="https://auth.example/token",service="registry.example"' };

function answer(status: number, headers: Answer['headers'] = {}, body: string | null = null, truncated = false): Answer {
  return { status, headers, body: body === null ? null : Buffer.from(body), truncated };
}

const page = '<!doctype html><title>Welcome</title>';

const cases: readonly (readonly [string, Answer, boolean, Cause])[] = [
  ['200 with the version header', answer(200, version), true, 'ok'],
  ['200 with the version header and a web page', answer(200, version, page), true, 'ok'],
  ['200 with an empty version header', answer(200, { 'docker-distribution-api-version': '' }), true, 'ok'],
  ['200 with an empty object', answer(200, {}, '{}'), true, 'ok'],
  ['200 with JSON of any kind', answer(200, {}, ' true\n'), true, 'ok'],
  ['200 with an empty body', answer(200, {}, ''), true, 'ok'],
  ['200 with a web page', answer(200, { server: 'nginx' }, page), false, 'not_a_registry'],
  ['200 with half a JSON text', answer(200, {}, '{"a":'), false, 'not_a_registry'],
  ['200 with deep JSON', answer(200, {}, '['.repeat(60_000)), false, 'not_a_registry'],
  ['200 with more than is read', answer(200, {}, '{}', true), false, 'too_large'],
  ['401 with Bearer', answer(401, bearer), true, 'auth_required'],
  ['401 with Basic', answer(401, { 'www-authenticate': 'Basic realm="Registry"' }), true, 'auth_required'],
  ['401 without a challenge', answer(401), false, 'bad_challenge'],
  ['401 with the version header only', answer(401, version), false, 'bad_challenge'],
  ['401 with a malformed challenge', answer(401, { 'www-authenticate': '=,"??' }), false, 'bad_challenge'],
  ['401 with Bearer and no realm', answer(401, { 'www-authenticate': 'Bearer' }), false, 'bad_challenge'],
  ['403', answer(403, version), false, 'http_4xx'],
  ['400', answer(400), false, 'http_4xx'],
  ['400 of a server that wants TLS', answer(400, {}, 'Client sent an HTTP request to an HTTPS server.\n'), false, 'protocol'],
  ['400 of nginx that wants TLS', answer(400, { server: 'nginx' }, '<title>400 The plain HTTP request was sent to HTTPS port</title>'), false, 'protocol'],
  ['400 with another complaint', answer(400, {}, 'Bad Request: missing required Host header'), false, 'http_4xx'],
  ['405', answer(405), false, 'http_4xx'],
  ['407', answer(407), false, 'http_4xx'],
  ['404', answer(404, version), false, 'not_a_registry'],
  ['429', answer(429, { 'retry-after': '5' }), false, 'rate_limited'],
  ['500', answer(500, version), false, 'http_5xx'],
  ['502', answer(502), false, 'http_5xx'],
  ['503', answer(503, { 'retry-after': '5' }), false, 'http_5xx'],
  ['201', answer(201, version), false, 'not_a_registry'],
  ['204', answer(204), false, 'not_a_registry'],
  ['206', answer(206, {}, '{}'), false, 'not_a_registry'],
  ['304', answer(304), false, 'not_a_registry'],
  ['302 without Location', answer(302), false, 'bad_redirect'],
  ['999', answer(999), false, 'not_a_registry'],
];

describe('judgeAnswer', () => {
  it.each(cases)('%s', (_name, given, healthy, cause) => {
    expect(judgeAnswer(given)).toMatchObject({ healthy, cause });
  });

  it.each<[number, Answer, boolean, Cause]>([
    [200, answer(200, {}, page), true, 'ok'],
    [401, answer(401, bearer), true, 'auth_required'],
    [401, answer(401), true, 'ok'],
    [403, answer(403), true, 'ok'],
    [302, answer(302, { location: '/login' }), true, 'ok'],
    [429, answer(429), true, 'ok'],
    [204, answer(200, version), false, 'unexpected_status'],
    [200, answer(401, bearer), false, 'unexpected_status'],
    [200, answer(503), false, 'http_5xx'],
    [200, answer(404), false, 'not_a_registry'],
  ])('takes just the expected status for healthy: %d and %j', (expected, given, healthy, cause) => {
    expect(judgeAnswer(given, [expected, 299])).toMatchObject({ healthy, cause });
  });

  it('gives the challenge with it', () => {
    expect(judgeAnswer(answer(401, bearer)).challenge).toEqual({ scheme: 'Bearer', realm: 'https://auth.example/token', service: 'registry.example' });
    expect(judgeAnswer(answer(200, { ...version, ...bearer })).challenge).toBeNull();
  });
});
