import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { isToken, type Session, type SessionKeeper } from '../client/session.ts';
import { isJsonObject, type Json } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { messageOf, UsageError } from './failure.ts';
import { withFileLock } from './file-lock.ts';
import type { Terminal } from './terminal.ts';

/** Sessions by the origins that they are for. */
type Sessions = ReadonlyMap<string, Session>;

/**
 * Where sessions are kept; null where the environment names no place.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function sessionFilePath(env: Terminal['env']): string | null {
  const { XDG_CONFIG_HOME: config = '', HOME: home = '' } = env;
  if (isAbsolute(config)) return join(config, 'portolan', 'sessions.json');
  return isAbsolute(home) ? join(home, '.config', 'portolan', 'sessions.json') : null;
}

/**
 * The session for one origin in the file of all sessions, which only its owner can read. The file is replaced whole, so that whoever reads sees the old one
 * or the new one; whoever changes it holds a lock from reading to writing.
 */
export function sessionInFile({ env, wait }: Pick<Terminal, 'env' | 'wait'>, origin: string): SessionKeeper {
  const path = sessionFilePath(env);
  return {
    origin,
    read: async () => (path === null ? null : ((await readSessions(path)).get(origin) ?? null)),
    async update(change) {
      if (path === null) throw new UsageError('There is no place to keep a session in: set HOME, or XDG_CONFIG_HOME. Without a session, PORTOLAN_TOKEN takes an API token.');
      await makeFolder(dirname(path));
      return withFileLock(`${path}.lock`, wait, async () => {
        const sessions = new Map(await readSessions(path));
        const before = sessions.get(origin) ?? null;
        const session = await change(before);
        if (session === null) sessions.delete(origin);
        else sessions.set(origin, session);
        if (session !== before) await writeSessions(path, sessions);
        return session;
      });
    },
  };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(dirname(folder), { recursive: true });
    // Of a folder that is there already, it is the owner's business who else may list it.
    await mkdir(folder, { mode: 0o700 });
    // Whatever the umask takes away.
    await chmod(folder, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw new UsageError(`Sessions cannot be kept in ${folder}: ${messageOf(error)}.`);
  }
}

async function readSessions(path: string): Promise<Sessions> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Map();
    throw new UsageError(`The sessions in ${path} cannot be read: ${messageOf(error)}.`);
  }
  try {
    const { mode, size } = await file.stat();
    if ((mode & 0o077) !== 0) throw new UsageError(`Others can read the sessions in ${path}, and could act as you. Type: chmod 600 ${quoted(path)}`);
    const sessions = size > limits.sessionFileBytesMax ? null : sessionsOf(await file.readFile('utf8'));
    if (sessions === null) throw new UsageError(`${path} is not as portolan writes it. Remove it, and log in again.`);
    return sessions;
  } finally {
    await file.close();
  }
}

async function writeSessions(path: string, sessions: Sessions): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(textOf(sessions));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new UsageError(`The session cannot be kept in ${path}: ${messageOf(error)}.`);
  }
}

function textOf(sessions: Sessions): string {
  const shown = [...sessions].map(([origin, { accessToken, refreshToken, expiresAtMs }]) => [
    origin,
    { access_token: accessToken, refresh_token: refreshToken, expires_at: new Date(expiresAtMs).toISOString() },
  ]);
  return `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`;
}

/** null where any of it is not as it was written. */
function sessionsOf(text: string): Sessions | null {
  const found = parsed(text);
  if (!isJsonObject(found)) return null;
  const sessions = Object.entries(found).map(([origin, entry]) => [origin, sessionOf(entry)] as const);
  return sessions.every((pair): pair is [string, Session] => pair[1] !== null) ? new Map(sessions) : null;
}

function sessionOf(entry: Json): Session | null {
  if (!isJsonObject(entry)) return null;
  const { access_token: accessToken, refresh_token: refreshToken, expires_at: expiresAt } = entry;
  const expiresAtMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  return isToken(accessToken) && isToken(refreshToken) && !Number.isNaN(expiresAtMs) ? { accessToken, refreshToken, expiresAtMs } : null;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

/** As a shell takes it for one word. */
const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`);

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
