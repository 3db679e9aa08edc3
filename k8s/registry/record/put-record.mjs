// Adds the record in a file to Portolan, or brings it up to date when it is there already: node put-record.mjs entry.json
import { readFileSync } from 'node:fs';

const { PORTOLAN_URL, PORTOLAN_TOKEN } = process.env;
const text = readFileSync(process.argv[2] ?? 'entry.json', 'utf8');
/** @type {(text: string) => { container_registry_id: string }} */
const parse = JSON.parse;
const headers = { 'content-type': 'application/json', ...(PORTOLAN_TOKEN ? { authorization: `Bearer ${PORTOLAN_TOKEN}` } : {}) };

/** @type {(method: string, path: string) => Promise<Response>} */
const send = (method, path) => fetch(new URL(path, PORTOLAN_URL), { method, headers, body: text, signal: AbortSignal.timeout(10_000) });

let answer = await send('POST', '/container_registry');
if (answer.status === 409) answer = await send('PUT', `/container_registry/${encodeURIComponent(parse(text).container_registry_id)}`);
process.stdout.write(`${await answer.text()}\n`);
if (!answer.ok) process.exitCode = 1;
