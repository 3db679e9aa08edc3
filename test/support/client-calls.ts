import type { ClientError } from '../../src/client/errors.ts';

/** What a call fails with. */
export async function failure(call: () => unknown): Promise<ClientError> {
  try {
    await call();
  } catch (error) {
    return error as ClientError;
  }
  throw new Error('The call did not fail.');
}

export async function all<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}
