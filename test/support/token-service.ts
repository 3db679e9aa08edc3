/** A token service as registries with Bearer authentication need one beside them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { randomUUID, sign, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { makeCertificate, type TestCertificate } from './certificates.ts';

export interface TokenServiceOptions {
  /** Who may log in, for every action; without a login there are tokens for `pull` only. */
  readonly user: { readonly name: string; readonly password: string };
  /** A client that may have tokens for every action by `POST`. Without it, `POST` is not known. */
  readonly client?: { readonly id: string; readonly secret: string };
}

export interface TokenService {
  /** What a registry names in its challenge. Its host is a name, since some clients refuse realms at loopback addresses. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** What a registry must trust to accept the tokens. */
  readonly caPem: string;
  /** What came with each request so far: the login, or the form; empty where nothing did. */
  readonly told: readonly string[];
  stop(): Promise<void>;
}

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const SERVICE = 'portolan-test';
const ISSUER = 'portolan-test-tokens';
const TOKEN_LIFETIME_S = 300;

/**
 * Serves `GET /token?service&scope` on loopback: RS256 JWTs that carry their certificate (`x5c`); to clients also `POST /token`.
 * @see https://distribution.github.io/distribution/spec/auth/token/ and https://distribution.github.io/distribution/spec/auth/oauth/
 */
export async function startTokenService({ user, client }: TokenServiceOptions): Promise<TokenService> {
  const signer = makeCertificate({ commonName: ISSUER, keyType: 'rsa' });
  const rightLogin = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
  const told: string[] = [];
  const grant = (response: ServerResponse, name: string, scopes: readonly string[], mayDoAll: boolean): void => {
    const token = issueToken(signer, name, scopes.flatMap((scope) => accessOf(scope, mayDoAll)));
    sendJson(response, 200, { token, access_token: token, expires_in: TOKEN_LIFETIME_S, issued_at: new Date().toISOString() });
  };
  const answerClient = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await text(request));
    told.push(form.toString());
    const isRight = form.get('grant_type') === 'client_credentials' && form.get('client_id') === client?.id && form.get('client_secret') === client.secret;
    if (isRight) grant(response, client.id, form.getAll('scope'), true);
    else sendJson(response, 401, { error: 'invalid_client' });
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'POST' && client !== undefined) return void answerClient(request, response);
    const login = request.headers.authorization;
    told.push(login ?? '');
    if (url.pathname !== '/token' || request.method !== 'GET') sendJson(response, 404, { details: 'There is nothing here.' });
    else if (login !== undefined && login !== rightLogin) sendJson(response, 401, { details: 'Wrong name or password.' });
    else grant(response, login === undefined ? '' : user.name, url.searchParams.getAll('scope'), login !== undefined);
  };
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { realm: `http://localhost:${port}/token`, service: SERVICE, issuer: ISSUER, caPem: signer.certPem, told, stop: () => close(server) };
}

/** A scope is `TYPE:NAME:ACTION[,ACTION…]`, several of them parted by spaces; names may hold a colon of their own. */
function accessOf(scopes: string, mayDoAll: boolean): Access[] {
  return scopes.split(' ').flatMap((scope) => {
    const [, type = '', name = '', actions = ''] = /^([^:]+):(.+):([^:]*)$/.exec(scope) ?? [];
    const granted = actions.split(',').filter((action) => mayDoAll || action === 'pull');
    return granted.length === 0 || type === '' ? [] : [{ type, name, actions: granted }];
  });
}

function issueToken(signer: TestCertificate, subject: string, access: readonly Access[]): string {
  const nowS = Math.floor(Date.now() / 1000);
  const header = { typ: 'JWT', alg: 'RS256', x5c: [new X509Certificate(signer.certPem).raw.toString('base64')] };
  const claims = {
    iss: ISSUER,
    sub: subject,
    aud: SERVICE,
    iat: nowS,
    nbf: nowS - 10,
    exp: nowS + TOKEN_LIFETIME_S,
    jti: randomUUID(),
    access,
  };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), signer.key).toString('base64url')}`;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((closed) => server.close(() => closed()));
}
