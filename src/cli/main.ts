#!/usr/bin/env node
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';

// Before anything of ours is loaded: the second start finds everything compiled (and stripped of its types) already.
enableCompileCache();

const { runCli } = await import('./program.ts');
const { systemClock } = await import('../core/clock.ts');
const { pinnedFetch } = await import('../client/transport.ts');

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
const { stdin, stdout, stderr } = process;

// Whoever reads our output may stop reading at any time, as `head` does. There is nobody left to tell then.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') stderr.write(`portolan: cannot write: ${error.message}\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});
stderr.on('error', () => undefined);

process.exitCode = await runCli(
  process.argv.slice(2),
  {
    env: process.env,
    clock: systemClock,
    fetch: pinnedFetch,
    // A window may not know its size; it is then taken for the usual one.
    size: () => (stdout.isTTY ? { columns: stdout.columns > 0 ? stdout.columns : 80, rows: stdout.rows > 0 ? stdout.rows : 24 } : null),
    out: async (text) => {
      if (!stdout.write(text)) await once(stdout, 'drain');
    },
    err: (text) => void stderr.write(text),
    errColumns: () => (stderr.isTTY ? (stderr.columns > 0 ? stderr.columns : 80) : null),
    wait: async (ms) => {
      await delay(ms);
    },
    ask: async (question, options) => (await import('./ask.ts')).askAtTerminal(question, options),
    input: async () => (stdin.isTTY ? null : (await import('./stdin.ts')).readAll(stdin)),
    inputChunks: () => stdin,
    resetAdmin: async (password) => (await import('../admin.ts')).resetAdmin(process.env, password),
    restoreStore: async (file, onProgress) => (await import('../admin.ts')).restoreStore(process.env, file, onProgress),
    migrateStore: async (move, onProgress) => (await import('../admin.ts')).migrateStore(process.env, move, onProgress),
  },
  version,
);
