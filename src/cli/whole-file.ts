import { access, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, UsageError } from './failure.ts';

export interface WholeFile {
  /** Writes all that comes, has it on the disk, and only then gives the file its name. Whatever happens before, nothing has that name. */
  fill(chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Removes what was written, where the file was not filled. */
  discard(): Promise<void>;
}

/**
 * A file that only its owner can read and that is there whole or not at all: until then it is called `PATH.part`.
 * @throws {UsageError} when it cannot be made, or when there is one and it may not be replaced
 */
export async function makeWholeFile(path: string, mayReplace: boolean): Promise<WholeFile> {
  if (!mayReplace && (await isThere(path))) throw new UsageError(`${path} is there already. Name another file, or give --force to replace it.`);
  const part = `${path}.part`;
  const failed = (error: unknown): UsageError => new UsageError(`${part} cannot be written: ${messageOf(error)}.`);
  let file: FileHandle;
  try {
    // What is left of an earlier attempt may have another owner, or another mode.
    await rm(part, { force: true });
    file = await open(part, 'wx', 0o600);
  } catch (error) {
    throw failed(error);
  }
  return {
    async fill(chunks) {
      for await (const chunk of chunks) {
        await file.writeFile(chunk).catch((error: unknown) => {
          throw failed(error);
        });
      }
      await file.sync();
      await file.close();
      await rename(part, path).catch((error: unknown) => {
        throw new UsageError(`${part} is whole, but cannot become ${path}: ${messageOf(error)}.`);
      });
      await syncFolder(dirname(path));
    },
    async discard() {
      await file.close().catch(() => undefined);
      await rm(part, { force: true });
    },
  };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A name in a folder survives a power cut only when the folder is written, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
