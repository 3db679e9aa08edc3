/** Where built peers are kept: outside any checkout, one folder a version, complete or not there at all. */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from './table.ts';

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'portolan', 'peers');
}

export function peerFolder(peer: Peer): string {
  return join(cacheFolder(), `${peer.name}-${peer.version}`);
}

export function isPeerThere(peer: Peer): boolean {
  return statSync(join(peerFolder(peer), peer.entry), { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * Builds a peer in a temporary folder beside its place and moves it there when it is complete, so that an interrupted
 * or failed build leaves nothing that looks usable. Two builds at once are harmless: the later one is thrown away.
 */
export async function buildPeer(peer: Peer): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), `.building-${peer.name}-`));
  try {
    await peer.build(work);
    await stat(join(work, peer.entry));
    if (!isPeerThere(peer)) {
      // Whatever stands there without its entry is the rest of something broken.
      await rm(peerFolder(peer), { recursive: true, force: true });
      await rename(work, peerFolder(peer)).catch((error: unknown) => {
        if (!isPeerThere(peer)) throw error;
      });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
