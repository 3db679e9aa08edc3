import type { RegistryHealth, VantageReport, Verdict } from '../../client/types.ts';
import { agoText, countText, durationText, shareText } from './quantities.ts';
import { layOut, type Column, type TableOptions } from './table.ts';
import { cellText, cut } from './text.ts';
import { paintVerdict, VERDICTS } from './verdict.ts';

/** A line of the status table: a registry as all vantages together, or the one that was asked for, see it. */
interface StatusRow {
  readonly health: RegistryHealth;
  readonly status: Verdict;
  readonly cause: string;
  readonly since: string | null;
  readonly reports: readonly VantageReport[];
}

export interface StatusOptions extends TableOptions {
  readonly nowMs: number;
  /** Show what this vantage sees rather than what all together make of it. */
  readonly vantage?: string | undefined;
}

/** The verdict that stands in a registry's line. */
export function shownVerdict(health: RegistryHealth, vantage: string | undefined): Verdict {
  return rowOf(health, vantage).status;
}

/** The table of verdicts, worst first, and their sums. */
export function statusLines(registries: readonly RegistryHealth[], options: StatusOptions): string[] {
  const rows = registries.map((health) => rowOf(health, options.vantage)).toSorted(worstFirst);
  if (rows.length === 0) return ['No registry to show. `portolan add <url>` adds one.'];
  const layout = layOut(columnsAt(options.nowMs), rows, options);
  const lines = rows.flatMap((row) => [...layout.linesOf(row), ...differences(row, options)]);
  return [layout.header, ...lines, '', summary(rows)];
}

function rowOf(health: RegistryHealth, vantage: string | undefined): StatusRow {
  if (vantage === undefined) return { ...health, health, reports: Object.values(health.vantages) };
  const report = health.vantages[vantage];
  if (report === undefined) return { health, status: 'unknown', cause: 'never_probed', since: null, reports: [] };
  return { health, status: report.status, cause: report.cause, since: report.since, reports: [report] };
}

function worstFirst(a: StatusRow, b: StatusRow): number {
  const rank = ({ status }: StatusRow): number => VERDICTS.findIndex((verdict) => verdict === status);
  const name = ({ health }: StatusRow): string => cellText(health.name);
  return rank(a) - rank(b) || name(a).localeCompare(name(b), 'en') || (a.health.id < b.health.id ? -1 : 1);
}

const columnsAt = (nowMs: number): readonly Column<StatusRow>[] => [
  { title: 'VERDICT', text: ({ status }) => cellText(status), paint: ({ status }, text) => paintVerdict(status, text) },
  { title: 'NAME', text: ({ health }) => cellText(health.name), widthMin: 12 },
  { title: 'ID', text: ({ health }) => cellText(health.id), below: true },
  { title: 'CAUSE', text: causeText, widthMin: 10 },
  { title: 'SINCE', text: ({ since }) => agoText(since, nowMs), align: 'right' },
  { title: 'LATENCY', text: ({ reports }) => durationText(most(reports.map(({ latency_ms: latencyMs }) => latencyMs))), align: 'right' },
  { title: 'UPTIME 24H', text: ({ reports }) => shareText(least(reports.map(({ uptime }) => uptime['24h']))), align: 'right' },
  { title: 'URL', text: ({ health }) => cellText(health.url), below: true },
];

function causeText({ cause, reports }: StatusRow): string {
  const isMaintained = reports.some(({ in_maintenance: inMaintenance }) => inMaintenance);
  return isMaintained ? `${cellText(cause)} (maintenance)` : cellText(cause);
}

/** Of several vantages the worst figure is shown. */
function most(values: readonly (number | null)[]): number | null {
  return values.reduce((found, value) => (value === null ? found : Math.max(found ?? value, value)), null);
}

function least(values: readonly (number | null)[]): number | null {
  return values.reduce((found, value) => (value === null ? found : Math.min(found ?? value, value)), null);
}

/** Where some places see a registry and others do not, which. */
function differences({ cause, health }: StatusRow, { nowMs, widthMax }: StatusOptions): string[] {
  if (cause !== 'vantages_differ') return [];
  const views = Object.entries(health.vantages).map(([name, report]) => {
    return `  from ${cellText(name)}: ${cellText(report.status)}, ${cellText(report.cause)}, ${agoText(report.since, nowMs)}`;
  });
  return views.map((view) => cut(view, widthMax ?? Infinity));
}

function summary(rows: readonly StatusRow[]): string {
  const counts = VERDICTS.map((verdict) => ({ verdict, count: rows.filter(({ status }) => status === verdict).length }));
  const told = counts.filter(({ count }) => count > 0).map(({ verdict, count }) => `${count} ${verdict}`);
  return `${countText(rows.length, 'registry', 'registries')}: ${told.join(', ')}`;
}
