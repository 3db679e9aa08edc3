import type { Accounts } from '../../auth/accounts.ts';
import type { Actor } from '../../core/principal.ts';
import { success } from '../answer.ts';
import { bodies, createBodyCheck, type BodySchema } from '../body-check.ts';
import type { RouteDefinition } from '../route.ts';
import { bodyErrors, stringList, storeErrors, storeWriteErrors } from './schemas.ts';

/** What is sealed with which key, and sealing it anew. */
export interface SealedCredentials {
  overview(): Promise<{ readonly keys: readonly string[]; readonly sealed_with: Readonly<Record<string, number>>; readonly locked: number }>;
  rotate(actor: Actor): Promise<{ readonly resealed: number; readonly left: number; readonly failed: number }>;
}

export interface SecretRoutesOptions {
  readonly accounts: Accounts;
  readonly credentials: SealedCredentials;
}

const rotateBody: BodySchema = {
  type: 'object',
  required: ['what'],
  additionalProperties: false,
  properties: { what: { type: 'string', enum: ['credentials', 'sessions'] } },
};
const checkRotate = createBodyCheck(bodies.compile<{ what: 'credentials' | 'sessions' }>(rotateBody));

const count = (description: string): object => ({ type: 'integer', description });

export function secretRoutes(options: SecretRoutesOptions): RouteDefinition[] {
  return [overviewRoute(options), rotateRoute(options)];
}

function overviewRoute({ credentials }: SecretRoutesOptions): RouteDefinition {
  return {
    method: 'GET',
    path: '/api/v1/secrets',
    action: 'secret:rotate',
    operationId: 'listSecretKeys',
    summary: 'Which keys seal what',
    description: 'A key with which nothing is sealed any more may go from SECRET_KEY.',
    parameters: [],
    answers: {
      200: {
        description: 'Ids of the keys that the service was given, the one that seals first, and how many credentials each seals.',
        data: {
          type: 'object',
          required: ['keys', 'sealed_with', 'locked'],
          properties: { keys: stringList, sealed_with: { type: 'object', additionalProperties: { type: 'integer' } }, locked: count('Credentials whose key is not there.') },
        },
      },
    },
    errors: [...storeErrors],
    handle: async () => success(await credentials.overview()),
  };
}

function rotateRoute({ accounts, credentials }: SecretRoutesOptions): RouteDefinition {
  return {
    method: 'POST',
    path: '/api/v1/secrets/rotate',
    action: 'secret:rotate',
    operationId: 'rotateSecrets',
    summary: 'Seal credentials anew, or sign sessions with a new key',
    description: '`credentials`: seals every credential with the first key of SECRET_KEY. `sessions`: makes a new key that signs sessions from now on; those under way go on until they expire.',
    parameters: [],
    body: { description: 'What to rotate.', schema: rotateBody, examples: { credentials: { what: 'credentials' }, sessions: { what: 'sessions' } } },
    answers: {
      200: {
        description: 'How many credentials were sealed anew, are left as they were, and could not be opened; or the id of the new signing key.',
        data: {
          type: 'object',
          properties: { resealed: count('Sealed anew.'), left: count('Sealed with the first key already.'), failed: count('Could not be opened, and are as they were.'), kid: { type: 'string' } },
        },
      },
    },
    errors: [...bodyErrors, 'INVALID_REQUEST', 'SECRETS_LOCKED', ...storeWriteErrors],
    async handle({ actor, json }) {
      const { what } = checkRotate(await json());
      return success(what === 'sessions' ? await accounts.rotateSigningKey(actor) : await credentials.rotate(actor));
    },
  };
}
