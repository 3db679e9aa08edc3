/**
 * Proves that what would be published works: packs the project, installs the tarball into an empty folder, starts the
 * installed `portolan-server` in a network of its own, uses it, also by the installed `portolan`, and stops it. Status 0 when all of it went well.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runCommand } from './checks/run-command.ts';
import { loopbackPrefix } from './loopback.ts';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 30_000;

async function mustRun(command: readonly string[], cwd: string): Promise<void> {
  const status = await runCommand(command, {}, cwd);
  if (status !== 0) throw new Error(`\`${command.join(' ')}\` ended with status ${status}.`);
}

/** Packs the project and installs the tarball in `workDir`; gives the folder of the installed commands. */
async function install(workDir: string): Promise<string> {
  const projectRoot = fileURLToPath(new URL('../', import.meta.url));
  await mustRun(['npm', 'pack', '--silent', '--pack-destination', workDir], projectRoot);
  const tarball = (await readdir(workDir)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('`npm pack` made no tarball.');
  await writeFile(join(workDir, 'package.json'), '{ "private": true }\n');
  await mustRun(['npm', 'install', '--silent', '--omit=dev', '--no-audit', '--no-fund', `./${tarball}`], workDir);
  return join(workDir, 'node_modules/.bin');
}

const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;

/** Starts the server, uses it by its API and by the terminal command, and stops it. Runs inside the loopback-only network. */
async function useCommands(commands: string, dataDir: string): Promise<void> {
  const child = spawn(join(commands, 'portolan-server'), [], {
    env: { PATH, HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: START_TIMEOUT_MS + STOP_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const exit = once(child, 'exit');
  try {
    const url = await urlFrom(child.stdout);
    await expectStatus(200, fetch(`${url}/health`));
    const body = JSON.stringify({ container_registry_name: 'packaged', container_registry_public_url: 'http://127.0.0.1:5000' });
    await expectStatus(201, fetch(`${url}/container_registry`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }));
    const status = await runCommand([join(commands, 'portolan'), '--url', url, 'list'], { PATH }, dirname(dataDir));
    if (status !== 0) throw new Error(`The installed \`portolan list\` ended with status ${status}.`);
  } finally {
    child.kill('SIGTERM');
  }
  const [status, signal] = (await exit) as [number | null, string | null];
  if (status !== 0) throw new Error(`After SIGTERM the server ended with ${signal ?? `status ${status ?? 'unknown'}`}; status 0 was expected.`);
}

async function urlFrom(output: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: output })) {
    lines.push(line);
    const match = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
    if (match !== null) {
      // What it says later must not fill the pipe.
      output.resume();
      return match[0];
    }
  }
  throw new Error(`The server ended without naming its URL. It said:\n${lines.join('\n')}`);
}

async function expectStatus(expected: number, answer: Promise<Response>): Promise<void> {
  const { status, url } = await answer;
  if (status !== expected) throw new Error(`${url} answered ${status}; ${expected} was expected.`);
  console.log(`${url}: ${status}`);
}

async function checkPackage(): Promise<void> {
  const workDir = await mkdtemp(join(tmpdir(), 'portolan-package-'));
  try {
    const commands = await install(workDir);
    const again = [process.execPath, fileURLToPath(import.meta.url), '--use', commands, join(workDir, 'data')];
    await mustRun([...(loopbackPrefix() ?? []), ...again], workDir);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

const [mode, commands, dataDir] = process.argv.slice(2);
try {
  if (mode === '--use' && commands !== undefined && dataDir !== undefined) await useCommands(commands, dataDir);
  else await checkPackage();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
