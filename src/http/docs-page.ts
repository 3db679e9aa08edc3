import { errorTable, type ErrorCode } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { readSchemas, rightOf } from './openapi.ts';
import type { Parameter } from './parameters.ts';
import type { RouteDefinition } from './route.ts';

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Text of ours in which `words` are code. */
const prose = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** The API as one page that needs no script and no outside asset. */
export function buildDocsPage(routes: readonly RouteDefinition[], version: string): string {
  const schemas = Object.entries(readSchemas()) as [string, ShownSchema][];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Portolan API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#calls">Skip to the calls</a>
<header>
<h1>Portolan <small>${escapeHtml(version)}</small></h1>
<p>Catalog of OCI registries. The same as a document for programs: <a href="/openapi.json">openapi.json</a>.</p>
<p>Where Portolan is bound to anything but loopback, send <code>Authorization: Bearer …</code> with an access token of <a href="#login">POST /api/v1/auth/login</a> or an API token of <a href="#createToken">POST /api/v1/tokens</a>.</p>
</header>
<nav aria-label="Calls"><ul>${routes.map((route) => `<li><a href="#${route.operationId}"><b>${route.method}</b> ${escapeHtml(route.path)}</a></li>`).join('\n')}
${schemas.map(([name]) => `<li><a href="#${name}">${name}</a></li>`).join('\n')}
<li><a href="#errors">Errors</a></li></ul></nav>
<main id="calls">
${routes.map(section).join('\n')}
${schemas.map(([name, schema]) => schemaSection(name, schema)).join('\n')}
<section id="errors"><h2>Errors</h2>
<p>Every failure is <code>{"success": false, "error", "code", "details", "request_id"}</code>.</p>
${errorsTable()}
</section>
</main>
</body>
</html>
`;
}

function section(route: RouteDefinition): string {
  return `<section id="${route.operationId}">
<h2><b>${route.method}</b> <code>${escapeHtml(route.path)}</code></h2>
<p>${prose(route.summary)}.${route.description === undefined ? '' : ` ${prose(route.description)}`} ${accessOf(route)}</p>
${parametersTable('Query', route.parameters)}${parametersTable('Headers', route.requestHeaders ?? [])}
${Object.entries(route.body?.examples ?? {}).map(([name, value]) => example(name, value)).join('\n')}
<p>${Object.entries(route.answers).map(([status, answer]) => `<b>${status}</b> ${prose(answer.description)}`).join('<br>')}</p>
${route.errors.length === 0 ? '' : `<p>Errors: ${route.errors.map((code) => `<a href="#${code}">${code}</a>`).join(', ')}</p>`}
</section>`;
}

/** Who may call. Where nobody has to log in, that is everybody. */
function accessOf(route: RouteDefinition): string {
  const who = route.action === 'open' || route.action === 'anybody' ? 'Open to everybody.' : rightOf(route);
  return `<b>${prose(route.secret === true ? `${who} HTTPS only.` : who)}</b>`;
}

function parametersTable(title: string, parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(({ name, description }) => `<tr><td><code>${escapeHtml(name)}</code></td><td>${prose(description)}</td></tr>`);
  return `<div class="scroll"><table><caption>${title}</caption><tbody>${rows.join('')}</tbody></table></div>`;
}

/** As much of a JSON Schema as people are shown. */
interface ShownSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, { readonly description?: string; readonly type?: string | readonly string[]; readonly enum?: readonly string[] }>>;
  readonly required?: readonly string[];
}

function schemaSection(name: string, { description = '', properties = {}, required = [] }: ShownSchema): string {
  const rows = Object.entries(properties)
    .filter(([, property]) => property.description !== undefined)
    .map(([field, { description: meaning = '', type, enum: values }]) => {
      const facts = [type === undefined ? [] : [type].flat().join(' or '), values === undefined ? [] : values.join(', '), required.includes(field) ? 'required' : []].flat();
      return `<tr><td><code>${escapeHtml(field)}</code></td><td>${prose(meaning)}${facts.length === 0 ? '' : `<br><small>${escapeHtml(facts.join('; '))}</small>`}</td></tr>`;
    });
  const table = rows.length === 0 ? '' : `<div class="scroll"><table><tbody>${rows.join('')}</tbody></table></div>`;
  return `<section id="${name}"><h2>${name}</h2><p>${prose(description)}</p>${table}</section>`;
}

function example(name: string, value: Json): string {
  return `<details><summary>Example: ${escapeHtml(name)}</summary><pre tabindex="0">${escapeHtml(JSON.stringify(value, null, 2))}</pre></details>`;
}

function errorsTable(): string {
  const rows = Object.entries(errorTable).map(([code, row]) => {
    const meaning = `${prose(row.meaning)}<br>${prose(row.remedy)}`;
    return `<tr id="${code satisfies string}"><td>${row.status}</td><td><code>${code}</code></td><td>${meaning}</td></tr>`;
  });
  return `<div class="scroll"><table><thead><tr><th>Status</th><th>Code</th><th>Meaning and remedy</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** The error table as a document. `docs/errors.md` is made by it. */
export function buildErrorsMarkdown(): string {
  const rows = (Object.keys(errorTable) as ErrorCode[]).map((code) => {
    const { status, retryable, meaning, remedy } = errorTable[code];
    return `| ${status} | \`${code}\` | ${meaning} | ${remedy} | ${retryable ? 'yes' : 'no'} |`;
  });
  return [
    '# Errors',
    '',
    'Generated from `src/core/errors.ts` by `npm run generate`; do not edit.',
    '',
    'Every failure is `{"success": false, "error", "code", "details", "request_id"}`. Programs switch on `code`, which never changes its meaning.',
    '',
    '| status | code | what happened | what to do | may the same request succeed later? |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

export const docsCss = `:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; background: Canvas; color: CanvasText; }
small { font-weight: normal; opacity: .7; }
h2 { margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.15rem; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--line); border-radius: .4rem; }
nav ul { list-style: none; padding: 0; columns: 20rem; }
nav a { display: inline-block; padding: .2rem 0; overflow-wrap: anywhere; }
a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
caption { text-align: left; font-weight: 600; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .25rem 0; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; }
`;
