/**
 * Carries out a Dockerfile where there is no engine: each stage is a folder that stands for its root file system, and
 * its commands run with that folder as root. The base image is stood in for by this machine's programs, and the Node
 * and npm that run the tests. Needs mounts, which only root may make.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { pairsOf, parseDockerfile, type Instruction, type Stage } from './dockerfile.ts';
import { itWithMounts } from './mount.ts';

const run = promisify(execFile);
const RUN_TIMEOUT_MS = 240_000;

/** Whether the image's user exists here: a user namespace of somebody who is not root has one user only. */
const hasUsers = (): boolean => {
  const [, , count = '0'] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/);
  return Number(count) > 10_001;
};

/** `it` for tests that need mounts and several users; elsewhere they are skipped by name. */
export const itWithImages: jest.It = hasUsers() ? itWithMounts : it.skip;

/** What a built image says about how it is run. */
export interface Image {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Folders of this machine that stand for those of the base image. */
const SYSTEM_FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64', '/usr/share', '/proc', '/dev'];
/** As in the official Node images. */
const USERS = 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n';
const GROUPS = 'root:x:0:\nnode:x:1000:\n';
const NPM = '/usr/local/lib/node_modules/npm';
const NPM_CACHE = '/root/.npm';

async function makeBase(root: string): Promise<void> {
  for (const folder of [...SYSTEM_FOLDERS, '/etc', '/tmp', NPM_CACHE, NPM, '/usr/local/bin', '/var/lib']) await mkdir(join(root, folder), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(root, name));
  await writeFile(join(root, 'etc/passwd'), USERS);
  await writeFile(join(root, 'etc/group'), GROUPS);
  await writeFile(join(root, 'usr/local/bin/node'), '');
  await symlink(`${NPM}/bin/npm-cli.js`, join(root, 'usr/local/bin/npm'));
  await chmod(join(root, 'tmp'), 0o1777);
}

const npmFolder = async (): Promise<string> => {
  const { stdout } = await run('sh', ['-c', 'command -v npm']);
  return resolve(dirname(await realpath(stdout.trim())), '..');
};

const npmSetting = (name: string): string => spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' }).stdout.trim();

export interface InsideOptions {
  /** Folders of this machine to be seen in the image: from where, to where. */
  readonly mounts?: readonly (readonly [from: string, to: string])[];
  readonly readOnly?: boolean;
  /** By number, `10001:10001`. Default: root. */
  readonly user?: string;
}

/** A prefix under which a command sees `root` as its file system. It becomes the command, so that signals reach it. */
export async function inside(root: string, { mounts = [], readOnly = false, user = '0:0' }: InsideOptions = {}): Promise<string[]> {
  const bind = (from: string, to: string): string => `{ [ ! -e '${from}' ] || mount --rbind '${from}' '${root}${to}'; }`;
  const steps = [
    // First of all: what is mounted into it later can be written to.
    ...(readOnly ? [`mount --bind '${root}' '${root}'`, `mount -o remount,ro,bind '${root}'`] : []),
    ...SYSTEM_FOLDERS.map((folder) => bind(folder, folder)),
    bind(process.execPath, '/usr/local/bin/node'),
    bind(await npmFolder(), NPM),
    ...mounts.map(([from, to]) => bind(from, to)),
  ];
  return ['unshare', '-m', 'sh', '-c', `${steps.join(' && ')} && exec chroot --userspec=${user} '${root}' "$@"`, 'inside'];
}

/** Sets up the environment of a command inside. */
export const withVariables = (workdir: string, variables: Readonly<Record<string, string>>): string[] => [
  ...['env', '-i', '-C', workdir, 'PATH=/usr/local/bin:/usr/bin:/bin'],
  ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
];

/** Runs one command line of a stage. What npm installs comes from the cache that `npm ci` has filled: there is no network in tests. */
async function runInside(root: string, workdir: string, env: Readonly<Record<string, string>>, command: string): Promise<void> {
  const [program = '', ...args] = await inside(root, { mounts: [[npmSetting('cache'), NPM_CACHE]] });
  const variables = { HOME: '/root', npm_config_offline: 'true', npm_config_registry: npmSetting('registry'), npm_config_update_notifier: 'false', ...env };
  await run(program, [...args, ...withVariables(workdir, variables), 'sh', '-c', command], { timeout: RUN_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 });
}

/** Copies as `COPY` does: a file under its name into a folder, a folder's content into a folder. */
async function copy(from: string, { words }: Instruction, root: string, workdir: string): Promise<void> {
  const target = words.at(-1) ?? '';
  const isFolder = target.endsWith('/');
  for (const source of words.slice(0, -1)) {
    const sourcePath = join(from, source);
    const intoFolder = isFolder && (await stat(sourcePath)).isFile();
    const targetPath = join(root, resolve(workdir, target), intoFolder ? (source.split('/').at(-1) ?? '') : '');
    await cp(sourcePath, targetPath, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }
}

interface Built {
  readonly stage: Stage;
  readonly root: string;
}

async function buildStage(stage: Stage, root: string, contextFolder: string, built: readonly Built[]): Promise<Image> {
  await makeBase(root);
  let [workdir, user] = ['/', 'root'];
  const args: Record<string, string> = {};
  const env: Record<string, string> = {};
  const image = { entrypoint: [] as readonly string[], healthcheck: [] as readonly string[], volumes: [] as string[], labels: {} as Record<string, string> };
  for (const instruction of stage.instructions) {
    const { name, words, flags } = instruction;
    switch (name) {
      case 'WORKDIR':
        workdir = resolve(workdir, words[0] ?? '');
        await mkdir(join(root, workdir), { recursive: true });
        break;
      case 'COPY': {
        if (Object.keys(flags).some((flag) => flag !== 'from')) throw new Error(`COPY with ${Object.keys(flags).join(', ')} is not carried out here.`);
        const from = flags['from'] === undefined ? contextFolder : built.find((other) => other.stage.name === flags['from'])?.root;
        if (from === undefined) throw new Error(`COPY --from=${String(flags['from'])}: there is no such stage.`);
        await copy(from, instruction, root, workdir);
        break;
      }
      case 'RUN':
        if (user !== 'root') throw new Error('RUN after USER is not carried out here.');
        await runInside(root, workdir, { ...args, ...env }, words.join(' '));
        break;
      case 'ARG':
        for (const [key, value] of pairsOf(words)) args[key] = value ?? '';
        break;
      case 'ENV':
        for (const [key, value] of pairsOf(words)) env[key] = value ?? '';
        break;
      case 'LABEL':
        for (const [key, value] of pairsOf(words)) image.labels[key] = value ?? '';
        break;
      case 'USER':
        user = words[0] ?? '';
        break;
      case 'VOLUME':
        image.volumes.push(...words);
        break;
      case 'ENTRYPOINT':
        image.entrypoint = words;
        break;
      case 'HEALTHCHECK':
        image.healthcheck = words;
        break;
      case 'EXPOSE':
        break;
      default:
        throw new Error(`${name} is not carried out here.`);
    }
  }
  return { root, env, user, workdir, ...image };
}

/**
 * Makes the image that a Dockerfile describes, in folders below `work`. Into its context goes what `.dockerignore`,
 * which must be a list of what is let through, lets through.
 */
export async function buildImage(projectFolder: string, work: string): Promise<Image> {
  const stages = parseDockerfile(await readFile(join(projectFolder, 'Dockerfile'), 'utf8'));
  const contextFolder = join(work, 'context');
  for (const name of letThrough(await readFile(join(projectFolder, '.dockerignore'), 'utf8'))) {
    await cp(join(projectFolder, name), join(contextFolder, name), { recursive: true });
  }
  const built: Built[] = [];
  let image: Image | null = null;
  for (const [index, stage] of stages.entries()) {
    const root = join(work, `stage-${index}`);
    image = await buildStage(stage, root, contextFolder, built);
    built.push({ stage, root });
  }
  if (image === null) throw new Error('The Dockerfile has no stage.');
  return image;
}

/** @throws {Error} when the list is not `*` and then names with `!` before them */
export function letThrough(dockerignore: string): string[] {
  const [first, ...others] = dockerignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (first !== '*' || others.some((line) => !line.startsWith('!'))) throw new Error('.dockerignore must shut everything out and then name what is let through.');
  return others.map((line) => line.slice(1));
}
