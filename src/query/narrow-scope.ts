import type { Scope } from '../core/access.ts';
import type { Narrowing } from './narrow.ts';

/** Whether a scope leaves out what most records are, so that looking for the few it holds pays. */
export function isNarrow(scope: Scope | null): scope is Scope {
  return scope !== null && !scope.visibilities.includes('internal');
}

/**
 * What the records within a narrow scope have in common that indexes can serve; `null` for wide ones, by which most candidates pass anyway.
 * Like `narrowingOf` it leaves no record out, and decides nothing.
 */
export function narrowingOfScope(scope: Scope | null): Narrowing | null {
  if (!isNarrow(scope)) return null;
  const { visibilities, owner, members } = scope;
  const of: Narrowing[] = [{ kind: 'in', path: ['meta', 'visibility'], values: visibilities }];
  if (owner !== null) of.push({ kind: 'in', path: ['meta', 'owner'], values: [owner] });
  if (members.length > 0) of.push({ kind: 'in', path: ['meta', 'shared_with', 'with'], values: members });
  return { kind: 'or', of };
}
