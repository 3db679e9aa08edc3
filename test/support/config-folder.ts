import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ConfigFolder {
  /** For the environment of a command. */
  readonly env: { readonly XDG_CONFIG_HOME: string };
  /** Where it keeps its sessions. */
  readonly sessions: string;
}

/** For each test of a file: a folder for sessions of its own. */
export function useConfigFolder(): () => ConfigFolder {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portolan-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return () => ({ env: { XDG_CONFIG_HOME: folder }, sessions: join(folder, 'portolan', 'sessions.json') });
}
