import { ClientError, type ClientErrorCode } from './errors.ts';

/**
 * Something's name as one segment of a path. Those that a URL cannot hold as one would lead elsewhere.
 * @throws {ClientError} `missing`, because nothing can have such a name
 */
export function segmentOf(name: string, missing: ClientErrorCode = 'RECORD_NOT_FOUND'): string {
  if (name === '' || name === '.' || name === '..' || !name.isWellFormed()) throw new ClientError(missing, `Nothing can be asked for by the name “${name}”.`);
  return encodeURIComponent(name);
}
