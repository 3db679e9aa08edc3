import type { Me } from '../../client/types.ts';
import { factLines, type Fact } from './facts.ts';
import { endsText } from './quantities.ts';
import { cellText } from './text.ts';

const NOT_A_USER: Partial<Record<Me['kind'], string>> = {
  local: 'anybody who reaches this address; nobody has to log in',
  anonymous: 'nobody who has logged in; `portolan login` does that',
};

/** Somebody in a few words. */
export function meText({ kind, user, role }: Me): string {
  return user === null ? cellText(kind) : `${cellText(user)} (${cellText(role)})`;
}

/** Somebody, and what they may do. */
export function meLines(me: Me, { nowMs, widthMax }: { readonly nowMs: number; readonly widthMax: number | null }): string[] {
  const facts: Fact[] = [
    ['you are', me.user === null ? `${cellText(me.kind)}: ${NOT_A_USER[me.kind] ?? ''}` : cellText(me.user)],
    ...(me.role === null ? [] : [['role', cellText(me.role)] as const]),
    ...(me.groups.length === 0 ? [] : [['groups', me.groups.map(cellText).join(', ')] as const]),
    ...(me.kind === 'token' ? [['by token', cellText(me.token_id)] as const] : []),
    ...(me.expires_at === null ? [] : [[me.kind === 'token' ? 'token' : 'session', endsText(me.expires_at, nowMs)] as const]),
    ['you may', permissionsText(me.permissions)],
  ];
  return factLines(facts, widthMax);
}

function permissionsText(permissions: readonly string[]): string {
  if (permissions.includes('*')) return 'do everything';
  return permissions.length === 0 ? 'do nothing' : permissions.map(cellText).join(', ');
}
