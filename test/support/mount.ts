import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a command in a mount namespace of its own after `mount`, a shell command; it ends with the command. */
const inOwnNamespace = (mount: string): string[] => ['unshare', '-m', 'sh', '-c', `${mount} && exec "$@"`, 'own-mounts'];

/** A prefix under which `folder` cannot be written to. */
export const withReadOnly = (folder: string): string[] => inOwnNamespace(`mount --bind '${folder}' '${folder}' && mount -o remount,ro,bind '${folder}'`);

/** A prefix under which `folder` is an empty disk of a size. */
export const withSmallDisk = (folder: string, size: string): string[] => inOwnNamespace(`mount -t tmpfs -o size=${size} tmpfs '${folder}'`);

/** A path as a process in a mount namespace of its own sees it. */
export const seenBy = (pid: number, path: string): string => join(`/proc/${pid}/root`, path);

function canMount(): boolean {
  const [program, ...args] = withReadOnly(tmpdir());
  return spawnSync(program ?? '', [...args, 'true'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** `it` for tests that need mounts of their own, which only root may make; elsewhere they are skipped by name. */
export const itWithMounts: jest.It = canMount() ? it : it.skip;
