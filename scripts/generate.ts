/**
 * Writes what is generated from a single source: types from `schemas/`, `docs/errors.md` from the error table, the
 * README's configuration table from the settings and `docs/openapi.json` from the routes. With `--check` it writes
 * nothing and fails when a file is not current.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFromFile } from 'json-schema-to-typescript';

const root = new URL('../', import.meta.url);

async function schemaTypes(): Promise<string> {
  const parts = ['// Generated from schemas/*.schema.json by `npm run generate`; do not edit.\n'];
  // These only describe to clients what has its types elsewhere: in the parsers of filters and updates, and in the store port.
  const described = ['filter.schema.json', 'shown-record.schema.json', 'update.schema.json'];
  const names = (await readdir(new URL('schemas/', root))).filter((name) => name.endsWith('.schema.json') && !described.includes(name)).sort();
  for (const name of names) {
    const path = new URL(`schemas/${name}`, root).pathname;
    parts.push(await compileFromFile(path, { bannerComment: '', additionalProperties: false, style: { singleQuote: true } }));
  }
  return parts.join('\n');
}

async function errorsMarkdown(): Promise<string> {
  const { buildErrorsMarkdown } = await import('../src/http/docs-page.ts');
  return buildErrorsMarkdown();
}

/** Asks a service, started for the purpose on the loopback interface, so that the document is the one it serves. */
async function openApi(): Promise<string> {
  const { createApp } = await import('../src/app.ts');
  const { loadConfig } = await import('../src/config/load.ts');
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string };
  const dataDir = await mkdtemp(join(tmpdir(), 'portolan-generate-'));
  const app = await createApp(loadConfig({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error' }), version);
  try {
    const document: unknown = await (await fetch(`${app.url}/openapi.json`)).json();
    return `${JSON.stringify(document, null, 2)}\n`;
  } finally {
    await app.stop();
    await rm(dataDir, { recursive: true });
  }
}

const TABLE = /(<!-- configuration: .*-->\n)[\s\S]*?(<!-- end of configuration -->)/;

async function readme(): Promise<string> {
  const { settings } = await import('../src/config/settings.ts');
  const rows = Object.values(settings).map(({ variable, defaultText, description, secret }) => {
    const shown = defaultText === '' ? '' : `\`${defaultText}\``;
    return `| \`${variable}\` | ${shown} | ${description}${secret ? ` \`${variable}_FILE\` names a file that holds it.` : ''} |`;
  });
  const table = ['| variable | default | meaning |', '|---|---|---|', ...rows, ''].join('\n');
  const text = await readFile(new URL('README.md', root), 'utf8');
  return text.replace(TABLE, (_all, begin: string, end: string) => `${begin}${table}${end}`);
}

const outputs: Record<string, () => Promise<string>> = {
  'src/core/schema-types.ts': schemaTypes,
  'docs/errors.md': errorsMarkdown,
  'docs/openapi.json': openApi,
  'README.md': readme,
};

const checkOnly = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, make] of Object.entries(outputs)) {
  const url = new URL(path, root);
  const wanted = await make();
  const found = await readFile(url, 'utf8').catch(() => '');
  if (found === wanted) continue;
  if (checkOnly) stale.push(path);
  else await writeFile(url, wanted);
}
if (stale.length > 0) {
  console.error(`Not current: ${stale.join(', ')}. Run \`npm run generate\` and commit the result.`);
  process.exitCode = 1;
}
