import type { Accounts, SessionTokens } from '../../auth/accounts.ts';
import { limits } from '../../core/limits.ts';
import { ACTIONS, USER_ROLES } from '../../core/principal.ts';
import { success, type TextAnswer } from '../answer.ts';
import { bodies, createBodyCheck, type BodySchema } from '../body-check.ts';
import type { RouteDefinition } from '../route.ts';
import { bodyErrors, messageSchema, nullable, stringList, storeErrors, storeWriteErrors } from './schemas.ts';

const loginBody: BodySchema = {
  type: 'object',
  required: ['username', 'password'],
  additionalProperties: false,
  properties: {
    username: { type: 'string', minLength: 1, maxLength: 64 },
    password: { type: 'string', minLength: 1, maxLength: limits.passwordLengthMax },
  },
};
const checkLogin = createBodyCheck(bodies.compile<{ username: string; password: string }>(loginBody));

const refreshBody: BodySchema = {
  type: 'object',
  required: ['refresh_token'],
  additionalProperties: false,
  properties: { refresh_token: { type: 'string', minLength: 1, maxLength: limits.authorizationLengthMax } },
};
const checkRefresh = createBodyCheck(bodies.compile<{ refresh_token: string }>(refreshBody));

const tokensSchema = {
  type: 'object',
  required: ['access_token', 'token_type', 'expires_in', 'refresh_token'],
  properties: {
    access_token: { type: 'string', description: 'Goes into `Authorization: Bearer …`.' },
    token_type: { const: 'Bearer' },
    expires_in: { type: 'integer', description: 'Seconds until the access token ends.' },
    refresh_token: { type: 'string', description: 'Good for one refresh; using it twice ends the session.' },
  },
} as const;

const meSchema = {
  type: 'object',
  required: ['kind', 'user', 'role', 'groups', 'permissions', 'token_id', 'expires_at'],
  properties: {
    kind: { enum: ['local', 'anonymous', 'user', 'token'], description: '`local`: nobody has to log in here. `anonymous`: nobody has. `user`: a session. `token`: an API token.' },
    user: nullable('string', 'Name of the user.'),
    role: { enum: [...USER_ROLES, null] },
    groups: stringList,
    permissions: { ...stringList, description: `Actions: ${ACTIONS.join(', ')}; with \`_own\` only on what one owns or is shared for it; \`*\` is all.` },
    token_id: nullable('string', 'Id of the API token that the request came with.'),
    expires_at: nullable('string', 'When the session or the token ends.'),
  },
} as const;

/** Whatever holds secrets must not stay in a cache on its way. */
export const NO_STORE = { 'Cache-Control': 'no-store' } as const;

export function sessionRoutes(accounts: Accounts): RouteDefinition[] {
  return [loginRoute(accounts), refreshRoute(accounts), logoutRoute(accounts), meRoute(accounts)];
}

function loginRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'POST',
    path: '/api/v1/auth/login',
    action: 'open',
    secret: true,
    operationId: 'login',
    summary: 'Log in',
    description: 'Begins a session: an access token to call with, and a refresh token that gets the next pair. Failed logins slow down.',
    parameters: [],
    body: { description: 'Name and password of the user.', schema: loginBody, examples: { ann: { username: 'ann', password: 'correct horse battery staple' } } },
    answers: { 200: { description: 'The session’s tokens.', data: tokensSchema } },
    errors: [...bodyErrors, 'INVALID_REQUEST', 'LOGIN_FAILED', 'LOGIN_SLOWED', 'SECRETS_LOCKED', ...storeWriteErrors],
    handle: async ({ actor, json }) => tokensAnswer(await accounts.login(actor, checkLogin(await json()))),
  };
}

function refreshRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'POST',
    path: '/api/v1/auth/refresh',
    action: 'open',
    secret: true,
    operationId: 'refreshSession',
    summary: 'Go on with a session',
    description: 'Gives a new pair of tokens for a refresh token, which is used up by it.',
    parameters: [],
    body: { description: 'The refresh token.', schema: refreshBody, examples: { last: { refresh_token: 'ptr_…' } } },
    answers: { 200: { description: 'The session’s new tokens.', data: tokensSchema } },
    errors: [...bodyErrors, 'INVALID_REQUEST', 'TOKEN_REJECTED', 'SECRETS_LOCKED', ...storeWriteErrors],
    handle: async ({ actor, json }) => tokensAnswer(await accounts.refresh(actor, checkRefresh(await json()).refresh_token)),
  };
}

function tokensAnswer({ accessToken, expiresInS, refreshToken }: SessionTokens): TextAnswer {
  return success({ access_token: accessToken, token_type: 'Bearer', expires_in: expiresInS, refresh_token: refreshToken }, 200, NO_STORE);
}

function logoutRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'POST',
    path: '/api/v1/auth/logout',
    action: 'account:read',
    operationId: 'logout',
    summary: 'Log out',
    description: 'Ends the session that the call is made with.',
    parameters: [],
    answers: { 200: { description: 'The session has ended.', data: messageSchema } },
    errors: ['INVALID_REQUEST', ...storeWriteErrors],
    async handle({ actor }) {
      await accounts.logout(actor);
      return success({ message: 'Logged out' });
    },
  };
}

function meRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'GET',
    path: '/api/v1/auth/me',
    action: 'anybody',
    operationId: 'whoAmI',
    summary: 'Who I am, and what I may do',
    parameters: [],
    answers: { 200: { description: 'The principal that this call is made as.', data: meSchema } },
    errors: [...storeErrors],
    async handle({ actor: { principal } }) {
      const { kind, user, role, groups, permissions, credentialId } = principal;
      return success({ kind, user, role, groups, permissions, token_id: kind === 'token' ? credentialId : null, expires_at: await accounts.expiryOf(principal) });
    },
  };
}
