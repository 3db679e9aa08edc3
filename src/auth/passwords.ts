import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { limits } from '../core/limits.ts';
import { createTurns } from './turns.ts';

/** What hashing a password costs. */
export interface PasswordCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
export const passwordCost: PasswordCost = { memoryKib: 19_456, passes: 2, parallelism: 1 };

const SALT_BYTES = 16;
const TAG_BYTES = 32;

export interface PasswordHasher {
  /** @returns a PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash` */
  hash(password: string): Promise<string>;
  /**
   * @param phc null: there is none to compare with; the same work is done, so that the time does not tell, and nothing matches
   * @returns `outdated`: matches, and is to be hashed anew, since the cost has changed
   */
  verify(password: string, phc: string | null): Promise<'matches' | 'outdated' | 'differs'>;
}

/** Argon2id (RFC 9106), as Node has it. */
export type Argon2id = (parameters: Argon2Parameters) => Promise<Buffer>;

const argon2id: Argon2id = (parameters) =>
  new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, tag) => (error === null ? resolve(tag) : reject(error)));
  });

interface PhcParts {
  readonly cost: PasswordCost;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/**
 * Hashes in threads beside the main one, a few at a time.
 * Both calls throw `OVERLOADED` when too many wait.
 */
export function createPasswordHasher(compute: Argon2id = argon2id, cost: PasswordCost = passwordCost): PasswordHasher {
  const turns = createTurns(limits.passwordHashesAtOnce, limits.passwordHashesWaiting);
  const nobody: PhcParts = { cost, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) };

  const tagOf = (password: string, { memoryKib, passes, parallelism }: PasswordCost, salt: Buffer): Promise<Buffer> =>
    turns.take(() => compute({ message: messageOf(password), nonce: salt, memory: memoryKib, passes, parallelism, tagLength: TAG_BYTES }));

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      return phcOf({ cost, salt, tag: await tagOf(password, cost, salt) });
    },
    async verify(password, phc) {
      const known = phc === null ? null : partsOf(phc);
      const expected = known ?? nobody;
      const tag = await tagOf(password, expected.cost, expected.salt);
      if (!timingSafeEqual(tag, expected.tag) || known === null) return 'differs';
      return isSameCost(known.cost, cost) ? 'matches' : 'outdated';
    },
  };
}

/** The same characters have several encodings, and which one comes depends on the keyboard (NIST SP 800-63B section 5.1.1.2). */
function messageOf(password: string): Buffer {
  return Buffer.from(password.normalize('NFKC'), 'utf8');
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{43})$/;

/** @see https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md */
function partsOf(phc: string): PhcParts | null {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(phc) ?? [];
  if (salt === undefined || tag === undefined) return null;
  return {
    cost: { memoryKib: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function phcOf({ cost: { memoryKib, passes, parallelism }, salt, tag }: PhcParts): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

function isSameCost(a: PasswordCost, b: PasswordCost): boolean {
  return a.memoryKib === b.memoryKib && a.passes === b.passes && a.parallelism === b.parallelism;
}
