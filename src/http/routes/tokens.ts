import type { Accounts, NewToken } from '../../auth/accounts.ts';
import { limits } from '../../core/limits.ts';
import { ACTIONS } from '../../core/principal.ts';
import { success } from '../answer.ts';
import { bodies, createBodyCheck, type BodySchema } from '../body-check.ts';
import type { RouteDefinition } from '../route.ts';
import { bodyErrors, messageSchema, nullable, stringList, storeErrors, storeWriteErrors } from './schemas.ts';
import { NO_STORE } from './sessions.ts';

const SCOPES = [...ACTIONS, '*'] as const;

const newTokenBody: BodySchema = {
  type: 'object',
  required: ['name', 'scopes'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: limits.tokenNameLengthMax, description: 'What it is for.' },
    scopes: { type: 'array', minItems: 1, maxItems: SCOPES.length, items: { type: 'string', enum: SCOPES }, description: 'Of what its user may do, the token may do only these; `*` is all of it.' },
    expires_in_s: { type: ['integer', 'null'], minimum: limits.tokenLifetimeSMin, maximum: limits.tokenLifetimeSMax, description: 'Seconds until it ends; without it, it does not end by itself.' },
    username: { type: 'string', maxLength: 64, description: 'Whom it acts as. Default: oneself; others need `user:write`.' },
  },
};
const checkNewToken = createBodyCheck(bodies.compile<NewToken>(newTokenBody));

const shared = { id: { type: 'string' }, name: { type: 'string' }, scopes: stringList, expires_at: nullable('string', 'Null: it does not end by itself.') } as const;

const madeTokenSchema = {
  type: 'object',
  required: ['id', 'token', 'name', 'scopes', 'expires_at'],
  properties: { ...shared, token: { type: 'string', description: 'Goes into `Authorization: Bearer …`. Shown only now.' } },
} as const;

const tokenSchema = {
  type: 'object',
  required: ['id', 'name', 'username', 'scopes', 'created_at', 'expires_at', 'last_used_at'],
  properties: { ...shared, username: { type: 'string' }, created_at: { type: 'string' }, last_used_at: nullable('string', 'To the minute.') },
} as const;

/** Of whom to list: `*` is everybody. */
const EVERYBODY = '*';

export function tokenRoutes(accounts: Accounts): RouteDefinition[] {
  return [listRoute(accounts), createRoute(accounts), revokeRoute(accounts)];
}

function listRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'GET',
    path: '/api/v1/tokens',
    action: 'account:read',
    alsoBy: 'user:read',
    operationId: 'listTokens',
    summary: 'API tokens',
    description: 'One’s own; others’ need `user:read`. Where nobody has to log in, everybody’s.',
    parameters: [{ name: 'username', description: 'Whose tokens, or `*` for everybody’s. Default: one’s own.', schema: { type: 'string', maxLength: 64 } }],
    answers: { 200: { description: 'The tokens, without what is secret of them.', data: { type: 'array', items: tokenSchema } } },
    errors: ['USER_NOT_FOUND', ...storeErrors],
    async handle({ actor, query }) {
      const username = query['username'] ?? actor.principal.user;
      return success(await accounts.listTokens(actor, username === EVERYBODY ? null : username));
    },
  };
}

function createRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'POST',
    path: '/api/v1/tokens',
    action: 'account:write',
    alsoBy: 'user:write',
    secret: true,
    operationId: 'createToken',
    summary: 'Make an API token',
    description: 'For a program: it acts as its user, within its scopes. It is shown once, and kept only as a hash.',
    parameters: [],
    body: { description: 'What the token is for.', schema: newTokenBody, examples: { ci: { name: 'ci', scopes: ['record:read', 'record:probe'], expires_in_s: 7_776_000 } } },
    answers: { 201: { description: 'The token.', data: madeTokenSchema } },
    errors: [...bodyErrors, 'INVALID_REQUEST', 'USER_NOT_FOUND', 'QUOTA_REACHED', ...storeWriteErrors],
    handle: async ({ actor, json }) => success(await accounts.createToken(actor, checkNewToken(await json())), 201, NO_STORE),
  };
}

function revokeRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'DELETE',
    path: '/api/v1/tokens/{id}',
    action: 'account:write',
    alsoBy: 'user:write',
    operationId: 'revokeToken',
    summary: 'Revoke an API token',
    description: 'One’s own; others’ need `user:write`. It is refused within 5 seconds everywhere.',
    pathParameters: { id: 'The token’s id.' },
    parameters: [],
    answers: { 200: { description: 'The token is revoked.', data: messageSchema } },
    errors: ['TOKEN_NOT_FOUND', ...storeWriteErrors],
    async handle({ actor, params }) {
      await accounts.revokeToken(actor, params['id'] ?? '');
      return success({ message: 'Token revoked' });
    },
  };
}
