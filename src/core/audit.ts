import { hash } from 'node:crypto';
import type { ErrorCode } from './errors.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { limits } from './limits.ts';
import type { Actor, Principal } from './principal.ts';

/** One field that a change changed. Secrets, and values that are too long to keep, are told by `changed` alone. */
export interface AuditedChange {
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly changed?: true;
}

/** Something that was done, or tried. */
export interface AuditEntry {
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** As who: `user:ann`, `token:ID` (of the user beside it), `local`, `anonymous`, `system`. */
  readonly who: string;
  readonly user: string | null;
  /** IP address; empty for what the service did by itself. */
  readonly from: string;
  readonly request_id: string;
  /** A word of `ACTIONS` where one fits, otherwise of the same form: `session:login`, `token:create`, `audit:prune`. */
  readonly action: string;
  /** The record's id. */
  readonly record: string | null;
  /** What else it was done to: a user's name, a token's id. */
  readonly target: string | null;
  readonly changes: readonly AuditedChange[];
  readonly outcome: 'done' | 'denied' | 'failed';
  /** Code of the error that the caller got. */
  readonly code: string | null;
}

/** An entry in the chain: `hash` seals it together with all before it. */
export interface StoredAuditEntry {
  /** Counts from 1 without gaps. */
  readonly seq: number;
  /** Hash of the entry before; of the first, `AUDIT_ORIGIN`. */
  readonly previous: string;
  readonly hash: string;
  /** JSON text of the `AuditEntry`, exactly as it was hashed. */
  readonly text: string;
}

export const AUDIT_ORIGIN = '0'.repeat(64);

/** SHA-256 in hexadecimal over the hash before, the number and the entry's text. */
export function auditHash(previous: string, seq: number, text: string): string {
  return hash('sha256', `${previous}\n${seq}\n${text}`, 'hex');
}

/** What an entry tells besides who, when and from where. */
export interface AuditedDeed {
  readonly action: string;
  readonly record?: string | null;
  readonly target?: string | null;
  readonly changes?: readonly AuditedChange[];
  /** Default: `done` */
  readonly outcome?: AuditEntry['outcome'];
  readonly code?: ErrorCode | null;
}

/**
 * @param actor null: the service itself
 * @param at ISO 8601 in UTC
 */
export function auditEntryOf(actor: Actor | null, at: string, { action, record = null, target = null, changes = [], outcome = 'done', code = null }: AuditedDeed): AuditEntry {
  return {
    at,
    who: actor === null ? 'system' : nameOf(actor.principal),
    user: actor?.principal.user ?? null,
    from: actor?.address ?? '',
    request_id: actor?.requestId ?? '',
    action,
    record,
    target,
    changes,
    outcome,
    code,
  };
}

function nameOf({ kind, user, credentialId }: Principal): string {
  switch (kind) {
    case 'user':
      return `user:${user ?? ''}`;
    case 'token':
      return `token:${credentialId ?? ''}`;
    default:
      return kind;
  }
}

/** Words in a key, without what separates them, that say that the value is nobody's business. */
const SECRET_KEY = /passw|passphrase|pwd|secret|token|apikey|accesskey|privatekey|signingkey|encryptionkey|credential|authorization|bearer|cookie|^auth$/;

/** Secrets that have strayed into a value: a private key in PEM, user and password in a URL, one of our own tokens. */
const SECRET_VALUE = /-----BEGIN [A-Z ]*PRIVATE KEY|:\/\/[^/\s:@"]*:[^/\s@"]+@|\bpt[lr]_[A-Za-z0-9]/;

/**
 * Which fields differ between two documents, from what to what; a document that is missing has no fields. Arrays are told whole. Secrets
 * and what is too long to keep are told as changed, and no more. Where more fields differ than are kept, the last change has an empty
 * path and stands for all the others.
 */
export function auditedChanges(before: JsonObject | null, after: JsonObject | null): readonly AuditedChange[] {
  const changes: AuditedChange[] = [];
  addChanges(changes, '', before ?? {}, after ?? {});
  return changes.length > limits.auditedChangesMax ? [...changes.slice(0, limits.auditedChangesMax - 1), { path: '', changed: true }] : changes;
}

/** Stops as soon as there is one more than is kept. */
function addChanges(changes: AuditedChange[], prefix: string, before: JsonObject, after: JsonObject): void {
  for (const key of keysOf(before, after)) {
    if (changes.length > limits.auditedChangesMax) return;
    const path = prefix + key;
    const [from, to] = [own(before, key), own(after, key)];
    if (from === to) continue;
    if (isSecretKey(key)) {
      if (textOf(from) !== textOf(to)) changes.push({ path: shorten(path), changed: true });
    } else if (isPart(from, to)) addChanges(changes, `${path}.`, isJsonObject(from) ? from : {}, isJsonObject(to) ? to : {});
    else {
      const [textFrom, textTo] = [textOf(from), textOf(to)];
      if (textFrom === textTo) continue;
      const isTold = isShort(textFrom) && isShort(textTo) && isTellable(from) && isTellable(to);
      changes.push({ path: shorten(path), ...(isTold ? valuesOf(from, to) : { changed: true }) });
    }
  }
}

function keysOf(before: JsonObject, after: JsonObject): readonly string[] {
  const keys = Object.keys(before);
  const more = Object.keys(after);
  return keys.length === 0 ? more : [...keys, ...more.filter((key) => !Object.hasOwn(before, key))];
}

/** Objects are gone into, so long as what is on the other side is one, too, or nothing. An empty one that is new or gone is told itself. */
function isPart(from: Json | undefined, to: Json | undefined): boolean {
  if (isJsonObject(from) && isJsonObject(to)) return true;
  const [one, other] = from === undefined ? [to, from] : [from, to];
  return other === undefined && isJsonObject(one) && Object.keys(one).length > 0;
}

function isTellable(value: Json | undefined): boolean {
  if (typeof value === 'string') return !SECRET_VALUE.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isTellable);
  return Object.entries(value).every(([key, inner]) => !isSecretKey(key) && isTellable(inner));
}

function valuesOf(before: Json | undefined, after: Json | undefined): Omit<AuditedChange, 'path'> {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** Keys are few and come again and again; to look at each anew would take half the time of telling a change. */
const judgedKeys = new Map<string, boolean>();

function isSecretKey(key: string): boolean {
  const known = judgedKeys.get(key);
  if (known !== undefined) return known;
  const isSecret = SECRET_KEY.test(key.toLowerCase().replace(/[^a-z0-9]/g, ''));
  if (judgedKeys.size >= limits.auditedKeysKept) judgedKeys.clear();
  if (key.length <= limits.auditedPathLengthMax) judgedKeys.set(key, isSecret);
  return isSecret;
}

const isShort = (text: string): boolean => text.length <= limits.auditedValueLengthMax;
const shorten = (path: string): string => (path.length > limits.auditedPathLengthMax ? `${path.slice(0, limits.auditedPathLengthMax)}…` : path);
const textOf = (value: Json | undefined): string => (value === undefined ? '' : JSON.stringify(value));
const own = (object: JsonObject, key: string): Json | undefined => (Object.hasOwn(object, key) ? object[key] : undefined);
