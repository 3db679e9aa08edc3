import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, dirname, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/**
 * Who may import whom (design section 3). A room is a folder of `src`, or a folder inside it where that has its own
 * row. Each lists the rooms and packages that it may import besides itself; `type` rooms only for their types.
 */
const rules: Record<string, { rooms: readonly string[]; typesOf?: readonly string[]; packages: readonly string[] }> = {
  core: { rooms: [], packages: [] },
  config: { rooms: ['core', 'outgoing'], packages: [] },
  query: { rooms: ['core'], packages: ['re2js'] },
  store: { rooms: ['core'], typesOf: ['query'], packages: [] },
  'store/sqlite': { rooms: ['core', 'query', 'store'], typesOf: ['telemetry'], packages: [] },
  'store/mongodb': { rooms: ['core', 'query', 'store'], typesOf: ['telemetry'], packages: ['mongodb'] },
  outgoing: { rooms: ['core'], packages: ['ipaddr.js'] },
  catalog: { rooms: ['core', 'store', 'query', 'auth'], packages: ['ajv', 'uuid'] },
  secrets: { rooms: ['core', 'store'], typesOf: ['telemetry'], packages: [] },
  auth: { rooms: ['core', 'store'], typesOf: ['secrets', 'telemetry'], packages: ['jose'] },
  operations: { rooms: ['core', 'store', 'store/sqlite'], typesOf: ['telemetry'], packages: [] },
  health: { rooms: ['core', 'outgoing', 'catalog', 'store'], packages: [] },
  telemetry: { rooms: ['core'], typesOf: ['store'], packages: ['winston', 'prom-client'] },
  client: { rooms: ['core'], packages: ['undici'] },
  cli: { rooms: ['client', 'core', 'health'], typesOf: ['operations'], packages: ['commander'] },
  http: {
    rooms: ['core', 'catalog', 'query', 'auth', 'store'],
    typesOf: ['health', 'operations', 'secrets', 'telemetry'],
    packages: ['express', 'helmet', 'express-rate-limit', 'compression', 'cors', 'jsonc-parser', 'ajv'],
  },
};

/** The only files that stand outside a room: the entries, and what builds the parts, which may import everything. */
const rootFiles = ['src/access-control.ts', 'src/admin.ts', 'src/app.ts', 'src/check-health.ts', 'src/cli/main.ts', 'src/main.ts', 'src/open-store.ts', 'src/probing.ts'];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, type, fixed, dynamic]) => ({ file, target: fixed ?? dynamic ?? '', typeOnly: type !== undefined }));
}

function roomOf(file: string): string {
  const folder = dirname(relative(join(root, 'src'), resolve(root, file)));
  const [first = '', second = ''] = folder.split('/');
  return `${first}/${second}` in rules ? `${first}/${second}` : first;
}

function isAllowed({ file, target, typeOnly }: Import): boolean {
  const room = roomOf(file);
  const rule = rules[room];
  if (rule === undefined) return false;
  if (target.startsWith('node:')) return true;
  if (target.startsWith('.')) {
    const targetRoom = roomOf(relative(root, resolve(root, dirname(file), target)));
    return targetRoom === room || rule.rooms.includes(targetRoom) || (typeOnly && (rule.typesOf ?? []).includes(targetRoom));
  }
  const packageName = target.split('/').slice(0, target.startsWith('@') ? 2 : 1).join('/');
  return rule.packages.includes(packageName);
}

describe('architecture', () => {
  const files = sourceFiles('src');
  const inRooms = files.filter((file) => !rootFiles.includes(file));

  it('finds the sources and their imports', () => {
    expect(inRooms.length).toBeGreaterThan(20);
    expect(importsOf('src/app.ts').length).toBeGreaterThan(10);
  });

  it('knows every room', () => {
    expect([...new Set(inRooms.map(roomOf))].filter((room) => !(room in rules))).toEqual([]);
  });

  it('lets each room import only what the table allows', () => {
    const forbidden = inRooms.flatMap(importsOf).filter((found) => !isAllowed(found));
    expect(forbidden.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it('has no row or package in the table that nothing uses', () => {
    const used = new Set(inRooms.flatMap((file) => importsOf(file).map(({ target }) => `${roomOf(file)} ${target.split('/')[0] ?? ''}`)));
    const unused = Object.entries(rules).flatMap(([room, { packages }]) => packages.map((name) => `${room} ${name}`).filter((name) => !used.has(name)));
    expect(unused).toEqual([]);
  });

  it('reads the environment only where the process starts', () => {
    const readers = files.filter((file) => readFileSync(join(root, file), 'utf8').includes('process.env'));
    expect(readers.sort()).toEqual(['src/cli/main.ts', 'src/main.ts']);
  });

  it('takes wall-clock time only from core/clock, but for log lines and the process’s own start', () => {
    const readers = inRooms.filter((file) => /\bDate\.now\(\)|new Date\(\)/.test(readFileSync(join(root, file), 'utf8')));
    expect(readers.sort()).toEqual(['src/core/clock.ts', 'src/telemetry/logs.ts', 'src/telemetry/metrics.ts']);
  });
});
