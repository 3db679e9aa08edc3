import { readFileSync } from 'node:fs';
import { completeNewRecord } from '../../../src/catalog/record.ts';
import { causeTable } from '../../../src/health/cause.ts';
import { verdictCauseTable } from '../../../src/health/verdict-cause.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const text = read('docs/health.md');

describe('docs/health.md', () => {
  it.each(Object.entries({ ...causeTable, ...verdictCauseTable }))('tells of the cause %s what the code does', (cause, { meaning, remedy }) => {
    expect(text).toContain(`| \`${cause}\` | ${meaning} | ${remedy} |`);
  });

  it('tells of no cause that there is not', () => {
    const told = text.slice(text.indexOf('## Causes of results')).matchAll(/^\| `(\w+)` \|/gm);
    expect([...told].map(([, cause]) => cause).sort()).toEqual(Object.keys({ ...causeTable, ...verdictCauseTable }).sort());
  });

  it('tells of every setting, with its default', () => {
    const { $defs } = JSON.parse(read('schemas/container-registry.schema.json'));
    for (const [setting, { default: value }] of Object.entries<{ default?: unknown }>($defs.HealthConfig.properties)) {
      expect(text).toContain(`| \`${setting}\` | ${value === undefined ? '' : `\`${JSON.stringify(value)}\` `}|`);
    }
  });

  it('shows settings that a record may have', () => {
    const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '');
    expect(() => completeNewRecord({ container_registry_name: 'x', container_registry_public_url: 'https://x.example.com', ...example })).not.toThrow();
  });
});
