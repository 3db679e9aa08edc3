import { checkAuthorities, parseCanary } from '../catalog/health-config.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { RecordFields } from '../core/record.ts';
import { parseTimeMs } from '../core/time.ts';

/** Planned work: from its beginning up to, and without, its end. */
export interface Maintenance {
  readonly fromMs: number;
  readonly toMs: number;
  /** Empty where nobody said. */
  readonly note: string;
}

/** How one registry is probed and judged: what its record says in `container_registry_config.health`, and defaults for the rest. */
export interface HealthSettings {
  /** False: paused. */
  readonly enabled: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Certificates (PEM) of authorities trusted besides the usual ones. */
  readonly ca: string | null;
  /** Exactly these statuses of `/v2/` count as healthy. */
  readonly expectedStatus: readonly number[] | null;
  /** Null: a probe is slow against the registry's own past. */
  readonly slowMs: number | null;
  readonly canary: { readonly repository: string; readonly reference: string } | null;
  readonly maintenance: readonly Maintenance[];
}

const within = (value: Json | undefined, least: number, most: number): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : null;

function expectedStatusOf(value: Json | undefined): readonly number[] | null {
  const statuses = Array.isArray(value) ? value : [value];
  if (statuses.length === 0 || statuses.length > limits.expectedStatusesMax) return null;
  const valid = statuses.flatMap((status) => within(status, 200, 599) ?? []);
  return valid.length === statuses.length ? valid : null;
}

function maintenanceOf(value: Json | undefined): readonly Maintenance[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, limits.maintenanceWindowsMax).flatMap((window) => {
    if (!isJsonObject(window) || typeof window['from'] !== 'string' || typeof window['to'] !== 'string') return [];
    const { note = '' } = window;
    const [fromMs, toMs] = [parseTimeMs(window['from']), parseTimeMs(window['to'])];
    if (fromMs === null || toMs === null || fromMs >= toMs) return [];
    return [{ fromMs, toMs, note: typeof note === 'string' ? note.slice(0, limits.maintenanceNoteLengthMax) : '' }];
  });
}

function healthConfigOf(record: RecordFields): JsonObject {
  const config: unknown = record.container_registry_config;
  const health = isJsonObject(config) ? config['health'] : undefined;
  return isJsonObject(health) ? health : {};
}

/**
 * The settings of a record's probes. Lenient: documents of older databases may hold anything there, and whatever is not
 * valid counts as not given. It parses certificates, so keep what it returns for as long as the record stays as it is.
 */
export function healthSettingsOf(record: RecordFields): HealthSettings {
  const { enabled, interval_s, timeout_ms, ca, expected_status, slow_ms, canary, maintenance } = healthConfigOf(record);
  const intervalS = within(interval_s, limits.watchIntervalMsMin / 1000, limits.watchIntervalMsMax / 1000);
  return {
    enabled: enabled !== false,
    intervalMs: intervalS === null ? limits.watchIntervalMsDefault : intervalS * 1000,
    timeoutMs: within(timeout_ms, limits.probeTimeoutMsMin, limits.probeTimeoutMsMax) ?? limits.probeTimeoutMs,
    ca: typeof ca === 'string' && checkAuthorities(ca) === null ? ca : null,
    expectedStatus: expected_status === undefined ? null : expectedStatusOf(expected_status),
    slowMs: within(slow_ms, 1, limits.probeTimeoutMsMax),
    canary: typeof canary === 'string' ? parseCanary(canary) : null,
    maintenance: maintenanceOf(maintenance),
  };
}

/** The maintenance window that a time falls into, or null. */
export function maintenanceAt({ maintenance }: Pick<HealthSettings, 'maintenance'>, atMs: number): Maintenance | null {
  return maintenance.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs) ?? null;
}
