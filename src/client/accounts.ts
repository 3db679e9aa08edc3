import type { Exchange } from './exchange.ts';
import { segmentOf } from './path-segment.ts';
import type { ApiToken, Me, NewToken, NewUser, ShownToken, User, UserChange } from './types.ts';

/** Who may call at all: people, programs, and oneself. */
export interface AccountCalls {
  /** Who calls are made as, and what that one may do. */
  me(): Promise<Me>;
  /** Ends the session that the call is made with. */
  logout(): Promise<void>;
  listUsers(): Promise<readonly User[]>;
  getUser(name: string): Promise<User>;
  createUser(user: NewUser): Promise<User>;
  /** One's own password needs `current_password`, and a session. */
  updateUser(name: string, change: UserChange): Promise<User>;
  removeUser(name: string): Promise<void>;
  /** One's own, unless another user is named. */
  listTokens(username?: string): Promise<readonly ShownToken[]>;
  /** The only time that the token itself is told. */
  createToken(token: NewToken): Promise<ApiToken>;
  revokeToken(id: string): Promise<void>;
}

export function accountCalls(exchange: Exchange): AccountCalls {
  const userPath = (name: string): string => `/api/v1/users/${segmentOf(name, 'USER_NOT_FOUND')}`;
  return {
    async me() {
      return (await exchange.data({ method: 'GET', path: '/api/v1/auth/me' })).data as Me;
    },
    async logout() {
      await exchange.data({ method: 'POST', path: '/api/v1/auth/logout' });
    },
    async listUsers() {
      return (await exchange.data({ method: 'GET', path: '/api/v1/users' })).data as readonly User[];
    },
    async getUser(name) {
      return (await exchange.data({ method: 'GET', path: userPath(name) })).data as User;
    },
    async createUser(user) {
      return (await exchange.data({ method: 'POST', path: '/api/v1/users', body: user })).data as User;
    },
    async updateUser(name, change) {
      return (await exchange.data({ method: 'PUT', path: userPath(name), body: change })).data as User;
    },
    async removeUser(name) {
      await exchange.data({ method: 'DELETE', path: userPath(name) });
    },
    async listTokens(username) {
      return (await exchange.data({ method: 'GET', path: '/api/v1/tokens', query: { username } })).data as readonly ShownToken[];
    },
    async createToken(token) {
      return (await exchange.data({ method: 'POST', path: '/api/v1/tokens', body: token })).data as ApiToken;
    },
    async revokeToken(id) {
      await exchange.data({ method: 'DELETE', path: `/api/v1/tokens/${segmentOf(id, 'TOKEN_NOT_FOUND')}` });
    },
  };
}
