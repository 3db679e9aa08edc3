import type { Accounts, NewUser, UserChange } from '../../auth/accounts.ts';
import { limits } from '../../core/limits.ts';
import { USER_ROLES } from '../../core/principal.ts';
import { success } from '../answer.ts';
import { bodies, createBodyCheck, type BodySchema } from '../body-check.ts';
import type { RouteDefinition } from '../route.ts';
import { bodyErrors, messageSchema, nullable, stringList, storeErrors, storeWriteErrors } from './schemas.ts';

const properties = {
  password: { type: 'string', minLength: limits.passwordLengthMin, maxLength: limits.passwordLengthMax, description: 'Never comes back. Without one a user cannot log in, but can have tokens.' },
  role: { type: 'string', enum: USER_ROLES },
  groups: { type: 'array', items: { type: 'string', maxLength: 64 }, maxItems: limits.groupsPerUserMax },
  disabled: { type: 'boolean' },
} as const;

const newUserBody: BodySchema = {
  type: 'object',
  required: ['username'],
  additionalProperties: false,
  properties: { username: { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' }, ...properties },
};
const checkNewUser = createBodyCheck(bodies.compile<NewUser>(newUserBody));

const userChangeBody: BodySchema = {
  type: 'object',
  additionalProperties: false,
  properties: { ...properties, current_password: { type: 'string', maxLength: limits.passwordLengthMax, description: 'Needed to change one’s own password.' } },
};
const checkUserChange = createBodyCheck(bodies.compile<UserChange>(userChangeBody));

const userSchema = {
  type: 'object',
  required: ['username', 'role', 'groups', 'disabled', 'has_password', 'created_at', 'password_changed_at'],
  properties: {
    username: { type: 'string' },
    role: { enum: USER_ROLES },
    groups: stringList,
    disabled: { type: 'boolean' },
    has_password: { type: 'boolean' },
    created_at: { type: 'string' },
    password_changed_at: nullable('string', 'Null where there never was one.'),
  },
} as const;

const pathParameters = { name: 'The user’s name.' } as const;

export function userRoutes(accounts: Accounts): RouteDefinition[] {
  return [listRoute(accounts), createRoute(accounts), getRoute(accounts), updateRoute(accounts), deleteRoute(accounts)];
}

const nameOf = ({ name = '' }: Readonly<Record<string, string>>): string => name;

function listRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'GET',
    path: '/api/v1/users',
    action: 'user:read',
    operationId: 'listUsers',
    summary: 'All users',
    parameters: [],
    answers: { 200: { description: 'The users, by name.', data: { type: 'array', items: userSchema } } },
    errors: [...storeErrors],
    handle: async () => success(await accounts.listUsers()),
  };
}

function createRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'POST',
    path: '/api/v1/users',
    action: 'user:write',
    secret: true,
    operationId: 'createUser',
    summary: 'Add a user',
    parameters: [],
    body: {
      description: 'The user. Only the name is required.',
      schema: newUserBody,
      examples: { person: { username: 'ann', password: 'correct horse battery staple', role: 'publisher', groups: ['ops'] }, service: { username: 'ci' } },
    },
    answers: { 201: { description: 'The user.', data: userSchema, headers: ['Location'] } },
    errors: [...bodyErrors, 'INVALID_REQUEST', 'USER_EXISTS', 'QUOTA_REACHED', ...storeWriteErrors],
    async handle({ actor, json }) {
      const user = await accounts.createUser(actor, checkNewUser(await json()));
      return success(user, 201, { Location: `/api/v1/users/${user.username}` });
    },
  };
}

function getRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'GET',
    path: '/api/v1/users/{name}',
    action: 'account:read',
    alsoBy: 'user:read',
    operationId: 'getUser',
    summary: 'One user',
    description: 'Oneself; others need `user:read`.',
    pathParameters,
    parameters: [],
    answers: { 200: { description: 'The user.', data: userSchema } },
    errors: ['USER_NOT_FOUND', ...storeErrors],
    handle: async ({ actor, params }) => success(await accounts.getUser(actor, nameOf(params))),
  };
}

function updateRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'PUT',
    path: '/api/v1/users/{name}',
    action: 'account:write',
    alsoBy: 'user:write',
    secret: true,
    operationId: 'updateUser',
    summary: 'Change a user',
    description: 'Changes what is given. One’s own password needs `current_password` and a session; everything else needs `user:write`. A new password ends all sessions of the user.',
    pathParameters,
    parameters: [],
    body: {
      description: 'What is to change.',
      schema: userChangeBody,
      examples: { role: { role: 'publisher' }, own_password: { current_password: 'correct horse battery staple', password: 'another long pass phrase' } },
    },
    answers: { 200: { description: 'The user as it is now.', data: userSchema } },
    errors: [...bodyErrors, 'INVALID_REQUEST', 'USER_NOT_FOUND', 'LOGIN_FAILED', 'LOGIN_SLOWED', 'LAST_ADMINISTRATOR', 'CONFLICT', ...storeWriteErrors],
    handle: async ({ actor, params, json }) => success(await accounts.updateUser(actor, nameOf(params), checkUserChange(await json()))),
  };
}

function deleteRoute(accounts: Accounts): RouteDefinition {
  return {
    method: 'DELETE',
    path: '/api/v1/users/{name}',
    action: 'account:write',
    alsoBy: 'user:write',
    operationId: 'deleteUser',
    summary: 'Delete a user',
    description: 'With sessions and tokens. Others need `user:write`. Records that the user owns stay, and keep the name of their owner.',
    pathParameters,
    parameters: [],
    answers: { 200: { description: 'The user is gone.', data: messageSchema } },
    errors: ['USER_NOT_FOUND', 'LAST_ADMINISTRATOR', 'CONFLICT', ...storeWriteErrors],
    async handle({ actor, params }) {
      await accounts.deleteUser(actor, nameOf(params));
      return success({ message: 'User deleted' });
    },
  };
}
