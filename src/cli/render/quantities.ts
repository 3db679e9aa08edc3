/** Times, shares and amounts as people read them. */
import { cellText } from './text.ts';

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A stretch of time in its largest whole unit: `40s`, `12m`, `3h`, `12d`. */
export function spanText(ms: number): string {
  const [unit, unitMs] = SPANS.find(([, spanMs]) => ms >= spanMs) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(ms / unitMs))}${unit}`;
}

/** How long ago a time was; `-` where there is none. A service's clock may run ahead of this machine's. */
export function agoText(iso: string | null | undefined, nowMs: number): string {
  const atMs = Date.parse(iso ?? '');
  return Number.isNaN(atMs) ? '-' : spanText(nowMs - atMs);
}

/** When something ends, or ended. */
export function endsText(iso: string | null, nowMs: number): string {
  const leftMs = Date.parse(iso ?? '') - nowMs;
  if (Number.isNaN(leftMs)) return 'without an end';
  return leftMs < 0 ? `ended ${cellText(iso)} (${spanText(-leftMs)} ago)` : `ends ${cellText(iso)} (in ${spanText(leftMs)})`;
}

/** A share of time in per cent, rounded down: 100% is said of nothing less. */
export function shareText(share: number | null | undefined): string {
  if (share === null || share === undefined) return '-';
  // Floating-point numbers stand a hair below or above what they mean.
  const hundredths = Math.floor(share * 10_000 + 1e-9);
  return `${(hundredths / 100).toFixed(hundredths % 100 === 0 ? 0 : 2)}%`;
}

/** Milliseconds with three digits or so. */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '-';
  if (ms >= 9_999.5) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

export const countText = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** Bytes with three digits or so. */
export function megabytesText(bytes: number): string {
  const megabytes = bytes / 1_000_000;
  if (megabytes >= 9_999.5) return `${(megabytes / 1000).toFixed(1)} GB`;
  return megabytes < 0.0995 ? `${(bytes / 1000).toFixed(0)} kB` : `${megabytes.toFixed(megabytes < 9.95 ? 1 : 0)} MB`;
}
