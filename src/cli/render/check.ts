import { styleText } from 'node:util';
import type { ProbeResult, HealthSummary, ShownRecord } from '../../client/types.ts';
import { causeTable } from '../../health/cause.ts';
import { verdictCauseTable } from '../../health/verdict-cause.ts';
import { factLines, LABEL_WIDTH, type Fact } from './facts.ts';
import { agoText, durationText, endsText } from './quantities.ts';
import { cellText, pad } from './text.ts';
import { paintVerdict } from './verdict.ts';

export interface CheckOptions {
  /** The record that was checked, with its health; null where the registry stands in no record. */
  readonly record: ShownRecord | null;
  readonly nowMs: number;
  /** Columns of the terminal; null: lines are not broken. */
  readonly widthMax: number | null;
  readonly colour: boolean;
}

const NAMES_SHOWN = 5;

/** A probe's result in lines of a label and what it says, the most important first. */
export function checkLines(result: ProbeResult, options: CheckOptions): string[] {
  const { nowMs, colour } = options;
  const facts: (Fact | null)[] = [
    ['answer', result.status_code === null ? cellText(result.reason) : `${result.status_code} ${cellText(result.reason)}`],
    ...causeFacts(result),
    recordFact(options.record),
    ...verdictFacts(options.record?.health, options),
    ['phases', phasesText(result.phases)],
    certificateFact(result.tls, nowMs),
    namesFact(result.tls),
    loginFact(result.challenge),
    ['server', cellText(result.flavor)],
    result.retry_after_s === null ? null : ['come back', `in ${result.retry_after_s} s, says the registry`],
    canaryFact(result.canary),
    ['probed', `from ${cellText(result.vantage)} at ${cellText(result.checked_at)}`],
  ];
  const lines = factLines(facts.filter((fact) => fact !== null), options.widthMax);
  return [headline(result, colour), ...lines, ...logLines(result.log)];
}

function headline({ healthy, url }: ProbeResult, colour: boolean): string {
  const word = pad(healthy ? 'healthy' : 'not healthy', LABEL_WIDTH);
  const painted = colour ? styleText(['bold', healthy ? 'green' : 'red'], word, { validateStream: false }) : word;
  return painted + cellText(url);
}

/** What the cause means and what helps. A service newer than this command may know causes that it does not. */
function causeFacts({ cause, healthy }: ProbeResult): Fact[] {
  if (!Object.hasOwn(causeTable, cause)) return [['cause', cellText(cause)]];
  const { meaning, remedy } = causeTable[cause];
  const fact: Fact = ['cause', `${cause}: ${meaning}`];
  return healthy ? [fact] : [fact, ['remedy', remedy]];
}

function recordFact(record: ShownRecord | null): Fact | null {
  return record === null ? null : ['record', `${cellText(record.container_registry_name)} (${cellText(record.container_registry_id)})`];
}

/** The verdict, and what it means where that is more than one probe can tell. */
function verdictFacts(health: HealthSummary | undefined, { nowMs, colour }: CheckOptions): Fact[] {
  if (health === undefined) return [];
  const { status, cause, since } = health;
  const text = `${cellText(status)}, ${cellText(cause)}${since === null ? '' : `, since ${cellText(since)} (${agoText(since, nowMs)})`}`;
  const fact: Fact = ['verdict', text, (line) => (colour ? line.replace(`${status},`, `${paintVerdict(status, status)},`) : line)];
  if (!isVerdictCause(cause)) return [fact];
  const { meaning, remedy } = verdictCauseTable[cause];
  return [fact, ['', `${meaning} ${remedy}`]];
}

const isVerdictCause = (cause: string): cause is keyof typeof verdictCauseTable => Object.hasOwn(verdictCauseTable, cause);

function phasesText(phases: ProbeResult['phases']): string {
  const named = [
    ['dns', phases.dns_ms],
    ['connect', phases.connect_ms],
    ['tls', phases.tls_ms],
    ['first byte', phases.first_byte_ms],
    ['total', phases.total_ms],
  ] as const;
  return named.map(([name, ms]) => `${name} ${durationText(ms)}`).join(', ');
}

function certificateFact(tls: ProbeResult['tls'], nowMs: number): Fact | null {
  if (tls === null) return null;
  const left = tls.lifetime_left === null ? '' : `, ${Math.floor(Math.max(0, tls.lifetime_left) * 100)}% of its life left`;
  return ['certificate', `${cellText(tls.subject)}, issued by ${cellText(tls.issuer)}, ${endsText(tls.expires_at, nowMs)}${left}`];
}

function namesFact(tls: ProbeResult['tls']): Fact | null {
  if (tls === null || tls.names.length === 0) return null;
  const more = tls.names.length - NAMES_SHOWN;
  return ['names', tls.names.slice(0, NAMES_SHOWN).map(cellText).join(', ') + (more > 0 ? ` and ${more} more` : '')];
}

function loginFact(challenge: ProbeResult['challenge']): Fact | null {
  if (challenge === null) return null;
  const { scheme, realm, service } = challenge;
  const parts = [cellText(scheme), ...(realm === null ? [] : [`realm ${cellText(realm)}`]), ...(service === null ? [] : [`service ${cellText(service)}`])];
  return ['login', parts.join(', ')];
}

function canaryFact(canary: ProbeResult['canary']): Fact | null {
  if (canary === null) return null;
  const answer = canary.status_code === null ? 'no answer' : `status ${canary.status_code}`;
  return ['canary', `${cellText(canary.reference)} is ${canary.ok ? '' : 'not '}served (${answer})`];
}

function logLines(log: ProbeResult['log']): string[] {
  if (log === undefined) return [];
  return ['', ...log.map(({ at_ms: atMs, event }) => `${pad(atMs.toFixed(1), 9, 'right')} ms  ${cellText(event)}`)];
}
