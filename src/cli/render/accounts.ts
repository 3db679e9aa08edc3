import type { ShownToken, User } from '../../client/types.ts';
import type { Fact } from './facts.ts';
import { agoText, spanText } from './quantities.ts';
import type { Column } from './table.ts';
import { cellText } from './text.ts';

const wordsText = (words: readonly string[]): string => (words.length === 0 ? '-' : words.map(cellText).join(','));

/** Whether a user can log in. */
function loginText({ disabled, has_password: hasPassword }: User): string {
  if (disabled) return 'disabled';
  return hasPassword ? 'yes' : 'by token only';
}

export const USER_COLUMNS: readonly Column<User>[] = [
  { title: 'USER', text: ({ username }) => cellText(username) },
  { title: 'ROLE', text: ({ role }) => cellText(role) },
  { title: 'LOGIN', text: loginText },
  { title: 'GROUPS', text: ({ groups }) => wordsText(groups), widthMin: 10 },
  { title: 'CREATED', text: ({ created_at: createdAt }) => cellText(createdAt), below: true },
];

export function userFacts(user: User): Fact[] {
  return [
    ['user', cellText(user.username)],
    ['role', cellText(user.role)],
    ['groups', user.groups.length === 0 ? 'none' : user.groups.map(cellText).join(', ')],
    ['login', loginText(user)],
    ['created', cellText(user.created_at)],
    ['password', user.has_password ? `changed ${cellText(user.password_changed_at)}` : 'none'],
  ];
}

export const tokenColumnsAt = (nowMs: number): readonly Column<ShownToken>[] => [
  { title: 'ID', text: ({ id }) => cellText(id) },
  { title: 'NAME', text: ({ name }) => cellText(name), widthMin: 10 },
  { title: 'USER', text: ({ username }) => cellText(username), widthMin: 8 },
  { title: 'ENDS', text: ({ expires_at: expiresAt }) => endText(expiresAt, nowMs), align: 'right' },
  { title: 'LAST USED', text: ({ last_used_at: lastUsedAt }) => (lastUsedAt === null ? 'never' : `${agoText(lastUsedAt, nowMs)} ago`), align: 'right' },
  { title: 'SCOPES', text: ({ scopes }) => wordsText(scopes), below: true },
];

function endText(expiresAt: string | null, nowMs: number): string {
  if (expiresAt === null) return 'never';
  const leftMs = Date.parse(expiresAt) - nowMs;
  return leftMs < 0 ? 'ended' : `in ${spanText(leftMs)}`;
}
