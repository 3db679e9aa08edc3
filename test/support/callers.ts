import { call, type Reply } from './requests.ts';

export const ADMIN_PASSWORD = 'chart-of-all-harbours';

/** A password of users that tests make. */
export const PASSWORD = 'correct horse battery staple';

/** Somebody who calls the service: by a session, a token, or as nobody. */
export interface Caller {
  readonly name: string;
  /** Null: nobody. */
  readonly bearer: string | null;
  call(method: string, path: string, options?: Parameters<typeof call>[3]): Promise<Reply>;
}

export function callerOf(url: string, name: string, bearer: string | null): Caller {
  return {
    name,
    bearer,
    call: (method, path, { headers = {}, ...rest } = {}) => call(url, method, path, { ...rest, headers: { ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }), ...headers } }),
  };
}

export interface LoggedIn extends Caller {
  readonly refreshToken: string;
}

export async function logIn(url: string, username: string, password: string): Promise<LoggedIn> {
  const { status, body } = await call(url, 'POST', '/api/v1/auth/login', { body: { username, password } });
  expect([username, status]).toEqual([username, 200]);
  return { ...callerOf(url, username, body.data.access_token), refreshToken: body.data.refresh_token };
}

export async function addUser(administrator: Caller, user: { username: string; role?: string; groups?: string[]; password?: string }): Promise<void> {
  const { status, text } = await administrator.call('POST', '/api/v1/users', { body: user });
  expect([status, text]).toEqual([201, expect.stringContaining(user.username)]);
}

/** An API token as a caller. */
export async function makeToken(url: string, of: Caller, scopes: readonly string[], more: { username?: string; expires_in_s?: number } = {}): Promise<Caller & { readonly id: string }> {
  const { status, body } = await of.call('POST', '/api/v1/tokens', { body: { name: `for ${scopes.join()}`, scopes, ...more } });
  expect(status).toBe(201);
  return { ...callerOf(url, `${of.name}:${scopes.join()}`, body.data.token), id: body.data.id };
}
