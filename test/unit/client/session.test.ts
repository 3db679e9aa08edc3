import { createClient, type Client } from '../../../src/client/client.ts';
import type { ClientError } from '../../../src/client/errors.ts';
import type { Session, SessionKeeper } from '../../../src/client/session.ts';

const NOW_MS = Date.parse('2026-11-21T12:00:00Z');
const url = 'https://portolan.example.com:8000';
const session = (n: number, leftS = 900): Session => ({ accessToken: `access-${n}`, refreshToken: `refresh-${n}`, expiresAtMs: NOW_MS + leftS * 1000 });

interface Kept extends SessionKeeper {
  session: Session | null;
  updates: number;
}

/** Keeps a session in memory; changes wait for each other, as those of several processes do. */
function keeperOf(first: Session | null, origin = url): Kept {
  let last: Promise<unknown> = Promise.resolve();
  const kept: Kept = {
    origin,
    session: first,
    updates: 0,
    read: async () => kept.session,
    update(change) {
      const next = last.then(async () => {
        kept.updates += 1;
        return (kept.session = await change(kept.session));
      });
      last = next.catch(() => undefined);
      return next;
    },
  };
  return kept;
}

interface Service {
  /** What came with an `Authorization` header or to the login, in turn. */
  readonly asked: string[];
  /** The tokens that the service takes now. */
  access: string;
  refresh: string;
  readonly client: (keeper?: SessionKeeper, token?: string) => Client;
}

/** A service that hands out one pair of tokens after the other. */
function serviceAt(access: string, refresh: string): Service {
  let issued = 100;
  const refused = (code: string): Response => Response.json({ success: false, error: 'No.', code }, { status: 401 });
  const service: Service = {
    asked: [],
    access,
    refresh,
    client: (keeper, token) => createClient({ url, timeoutMs: 5_000, session: keeper, token, clock: { nowMs: () => NOW_MS, monotonicMs: () => 0 }, fetch: send }),
  };
  const send = async (target: URL, init: RequestInit): Promise<Response> => {
    const request = new Request(target, init);
    const authorization = request.headers.get('authorization');
    service.asked.push(`${new URL(request.url).pathname} ${authorization ?? '-'}`);
    await new Promise((resume) => setTimeout(resume, 5));
    if (request.url.endsWith('/auth/refresh')) {
      const { refresh_token: offered } = (await request.json()) as { refresh_token: string };
      if (offered !== service.refresh) return refused('TOKEN_REJECTED');
      issued += 1;
      service.access = `access-${issued}`;
      service.refresh = `refresh-${issued}`;
      return Response.json({ success: true, data: { access_token: service.access, token_type: 'Bearer', expires_in: 900, refresh_token: service.refresh } });
    }
    if (authorization === null) return refused('AUTHENTICATION_REQUIRED');
    return authorization === `Bearer ${service.access}` ? Response.json({ success: true, data: { user: 'ann' } }) : refused('TOKEN_REJECTED');
  };
  return service;
}

const codeOf = async (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', (error: unknown) => (error as ClientError).code);

describe('a client with a session', () => {
  it('sends its access token', async () => {
    const service = serviceAt('access-1', 'refresh-1');
    await service.client(keeperOf(session(1))).me();
    expect(service.asked).toEqual(['/api/v1/auth/me Bearer access-1']);
  });

  it('renews it shortly before it ends, without showing the old one, and keeps the new pair', async () => {
    const service = serviceAt('access-1', 'refresh-1');
    const keeper = keeperOf(session(1, 20));
    await service.client(keeper).me();
    expect(service.asked).toEqual(['/api/v1/auth/refresh -', '/api/v1/auth/me Bearer access-101']);
    expect(keeper.session).toEqual({ accessToken: 'access-101', refreshToken: 'refresh-101', expiresAtMs: NOW_MS + 900_000 });
  });

  it('renews it once when it is rejected', async () => {
    const service = serviceAt('access-2', 'refresh-1');
    expect(await service.client(keeperOf(session(1))).me()).toEqual({ user: 'ann' });
    expect(service.asked).toEqual(['/api/v1/auth/me Bearer access-1', '/api/v1/auth/refresh -', '/api/v1/auth/me Bearer access-101']);
  });

  it('refreshes once for all calls that are under way', async () => {
    const service = serviceAt('access-2', 'refresh-1');
    const client = service.client(keeperOf(session(1)));
    await Promise.all(Array.from({ length: 10 }, () => client.me()));
    expect(service.asked.filter((line) => line.startsWith('/api/v1/auth/refresh'))).toHaveLength(1);
  });

  it('takes over what another process has refreshed meanwhile, and does not use a refresh token twice', async () => {
    const service = serviceAt('access-2', 'refresh-1');
    const keeper = keeperOf(session(1));
    const clients = [service.client(keeper), service.client(keeper), service.client(keeper)];
    await Promise.all(clients.map((client) => client.me()));
    expect(service.asked.filter((line) => line.startsWith('/api/v1/auth/refresh'))).toHaveLength(1);
    expect(keeper.session?.accessToken).toBe('access-101');
  });

  it('that has ended fails with TOKEN_REJECTED, and what is kept stays', async () => {
    const service = serviceAt('access-2', 'refresh-2');
    const keeper = keeperOf(session(1));
    expect(await codeOf(service.client(keeper).me())).toBe('TOKEN_REJECTED');
    expect(keeper.session).toEqual(session(1));
  });

  it('that somebody logged out of meanwhile is not renewed', async () => {
    const service = serviceAt('access-2', 'refresh-1');
    const keeper = keeperOf(session(1));
    const client = service.client(keeper);
    const call = client.me();
    keeper.session = null;
    expect(await codeOf(call)).toBe('TOKEN_REJECTED');
    expect(await codeOf(client.me())).toBe('AUTHENTICATION_REQUIRED');
    expect(keeper.session).toBeNull();
  });

  it('does not renew for errors that a new token would not mend', async () => {
    const service = serviceAt('access-1', 'refresh-1');
    const keeper = keeperOf(null);
    expect(await codeOf(service.client(keeper).me())).toBe('AUTHENTICATION_REQUIRED');
    expect(keeper.updates).toBe(0);
  });

  it.each(['http://portolan.example.com:8000', 'https://portolan.example.com', 'https://portolan.example.com.evil.example:8000'])('of %s is not shown to another origin', async (origin) => {
    const service = serviceAt('access-1', 'refresh-1');
    expect(await codeOf((async () => service.client(keeperOf(session(1), origin)).me())())).toBe('BAD_SERVICE_URL');
    expect(service.asked).toEqual([]);
  });
});

describe('a client with an API token', () => {
  it('sends it, and takes its rejection for final', async () => {
    const service = serviceAt('ptl_x', '');
    await service.client(undefined, 'ptl_x').me();
    service.access = 'other';
    expect(await codeOf(service.client(undefined, 'ptl_x').me())).toBe('TOKEN_REJECTED');
    expect(service.asked).toEqual(['/api/v1/auth/me Bearer ptl_x', '/api/v1/auth/me Bearer ptl_x']);
  });

  it.each(['', ' ', 'a b', 'a\r\nX: y', 'ü'])('is not made for %j, which no header can hold', async (token) => {
    expect(await codeOf((async () => serviceAt('', '').client(undefined, token).me())())).toBe('TOKEN_REJECTED');
  });
});
