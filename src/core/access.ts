/** Who may see a record besides its owner, those it is shared with, and administrators: everybody, every principal, nobody. */
export type Visibility = 'public' | 'internal' | 'private';

export const VISIBILITIES = ['public', 'internal', 'private'] as const satisfies readonly Visibility[];

/** A record shared with a user or a group: `user:ann`, `group:ops`. Whoever may pull or write may read, too. */
export interface Share {
  readonly with: string;
  readonly may: (typeof SHARE_RIGHTS)[number];
}

export const SHARE_RIGHTS = ['read', 'pull', 'write'] as const;

/** What a record says of who may do what with it. */
export interface RecordAccess {
  /** Name of a user; null where the record was written by nobody who had logged in. */
  readonly owner: string | null;
  readonly visibility: Visibility;
  readonly shared_with: readonly Share[];
}

/** What a record is that says nothing of it: those of older databases, too. */
export const openAccess: RecordAccess = Object.freeze({ owner: null, visibility: 'internal', shared_with: Object.freeze([]) });

/**
 * Which records somebody may see: an extra filter of every list, search, count, stream, metric and history. As plain data, so that stores
 * can narrow by it.
 */
export interface Scope {
  /** Records of these visibilities, … */
  readonly visibilities: readonly Visibility[];
  /** … those that this user owns, … */
  readonly owner: string | null;
  /** … and those that are shared with any of these (`Share.with`). */
  readonly members: readonly string[];
}

/** @param scope null: everything is within it */
export function isWithin(scope: Scope | null, access: RecordAccess): boolean {
  if (scope === null || scope.visibilities.includes(access.visibility)) return true;
  if (access.owner !== null && access.owner === scope.owner) return true;
  // Stores may have to parse the shares, so nobody asks for them before the rest has been looked at.
  return access.shared_with.some((share) => scope.members.includes(share.with));
}
