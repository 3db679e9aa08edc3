import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Log } from '../telemetry/logs.ts';

interface OwnKeyOptions {
  /** `SECRET_KEY`, as the operator gave it. */
  readonly secretKey: readonly string[];
  /** Folder of the embedded store, which exists; null where the store is elsewhere and shared, so that one process alone must not make a key. */
  readonly dataDir: string | null;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/**
 * The keys for the ring. The embedded store needs no set-up: without `SECRET_KEY` a key is made, once, in a file beside the store's. Once
 * there is such a file, it opens what it sealed even when `SECRET_KEY` is set later.
 * @throws {StartError} when the file cannot be read or written, or holds no key: making another would lock all secrets for good
 */
export function secretKeysOf({ secretKey, dataDir, log }: OwnKeyOptions): readonly string[] {
  if (dataDir === null) {
    if (secretKey.length === 0) log.warn('SECRET_KEY is not set: nobody can log in with a password, and credentials of registries cannot be kept');
    return secretKey;
  }
  const path = join(dataDir, 'secret.key');
  try {
    const own = readKey(path, log) ?? (secretKey.length === 0 ? makeKey(path, log) : null);
    return own === null ? secretKey : [...secretKey, own];
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`The secret key in ${path} cannot be read or made: ${error instanceof Error ? error.message : String(error)}. Mend that, or set SECRET_KEY and move the file away.`);
  }
}

function readKey(path: string, log: OwnKeyOptions['log']): string | null {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return null;
  if ((mode & 0o077) !== 0) log.warn('other users of this machine may read the secret key; make its mode 0600', { path });
  const key = readFileSync(path, 'utf8').trim();
  if (key.length < limits.secretKeyLengthMin) throw new StartError(`${path} holds no secret key. Restore the file from a backup; without it, the secrets that it sealed stay locked.`);
  return key;
}

/** The file appears whole or not at all, and only where there is none: the key of another process is never overwritten. */
function makeKey(path: string, log: OwnKeyOptions['log']): string {
  const key = randomBytes(32).toString('base64');
  const draft = `${path}.${process.pid}`;
  try {
    writeDurably(draft, `${key}\n`);
    linkSync(draft, path);
    syncFolder(dirname(path));
  } finally {
    rmSync(draft, { force: true });
  }
  log.info('made a secret key, which seals the secrets in the store; keep a copy of the file apart from backups of the store', { path });
  return key;
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A name in a folder survives a power cut only when the folder is written, too. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
