import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Log } from '../telemetry/logs.ts';

/** The secret keys of the service. The first one seals and signs; all of them open, so that keys can be exchanged without a stop. */
export interface KeyRing {
  /** Nothing can be sealed, opened or derived: whatever tries throws `SECRETS_LOCKED`. */
  readonly isEmpty: boolean;
  /** Ids of the keys, the first one first. An id tells nothing of its key. */
  readonly ids: readonly string[];
  /**
   * Encrypts, so that only this text in this place can be opened again.
   * @param context what it is, and where it belongs; sealed text that is moved elsewhere cannot be opened there
   */
  seal(text: string, context: string): string;
  /** @throws {AppError} `SECRETS_LOCKED` when the key is missing, or when the text was moved or damaged; the log tells which */
  open(sealed: string, context: string): string;
  /**
   * A key of 32 bytes for one purpose alone.
   * @param keyId which key it is derived from; default: the first
   * @throws {AppError} `SECRETS_LOCKED` when the ring has no such key
   */
  derive(purpose: string, keyId?: string): Buffer;
}

interface Key {
  readonly id: string;
  readonly sealing: Buffer;
  readonly text: string;
}

/** Names how a text was sealed, should it ever be done otherwise. */
const VERSION = 'v1';

/** The length that NIST SP 800-38D recommends for GCM. At random it is safe for some billions of texts under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const SEALED = /^v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{38,})$/;

/** @param keys secrets of the operator (`SECRET_KEY`), the one that seals first */
export function createKeyRing(keys: readonly string[], log: Pick<Log, 'error'>): KeyRing {
  const ring = new Map(keys.map(keyOf).map((key) => [key.id, key]));
  const [first] = ring.values();

  function find(id: string | undefined): Key {
    const key = id === undefined ? first : ring.get(id);
    if (key !== undefined) return key;
    if (id !== undefined && first !== undefined) log.error('a secret cannot be opened: its key is not among those of SECRET_KEY', { key: id });
    throw new AppError('SECRETS_LOCKED', first === undefined ? 'The service was given no SECRET_KEY, so it can neither seal nor open secrets.' : undefined);
  }

  return {
    isEmpty: first === undefined,
    ids: [...ring.keys()],
    seal: (text, context) => seal(find(undefined), text, context),
    open(sealed, context) {
      const [, id = '', body = ''] = SEALED.exec(sealed) ?? [];
      if (id === '') {
        log.error('a sealed secret is damaged: it does not look like one', { context });
        throw new AppError('SECRETS_LOCKED');
      }
      const key = find(id);
      try {
        return open(key, Buffer.from(body, 'base64url'), context);
      } catch (error) {
        log.error('a sealed secret was damaged, or moved from where it belongs', { key: id, context, error });
        throw new AppError('SECRETS_LOCKED', 'This secret cannot be opened. Set it anew.', { cause: error });
      }
    },
    derive: (purpose, keyId) => derive(find(keyId).text, `derive:${purpose}`, 32),
  };
}

/** Which key opens a sealed text; null for what is none. */
export function keyIdOf(sealed: string): string | null {
  return SEALED.exec(sealed)?.[1] ?? null;
}

function keyOf(text: string): Key {
  return { id: derive(text, 'id', 8).toString('hex'), sealing: derive(text, 'seal', 32), text };
}

/** HKDF-SHA256 (RFC 5869). The operator's keys are random, so they need no salt and no stretching. */
function derive(text: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', text, '', `portolan:${info}`, bytes));
}

function seal(key: Key, text: string, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.sealing, nonce, { authTagLength: TAG_BYTES }).setAAD(boundTo(key, context));
  const body = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${key.id}.${body.toString('base64url')}`;
}

/** @throws {Error} when anything differs from what was sealed */
function open(key: Key, body: Buffer, context: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key.sealing, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(boundTo(key, context))
    .setAuthTag(body.subarray(-TAG_BYTES));
  return decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}

function boundTo({ id }: Key, context: string): Buffer {
  return Buffer.from(`${VERSION}\n${id}\n${context}`);
}
