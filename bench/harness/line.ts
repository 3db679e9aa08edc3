/** One figure of the table. */
export interface Line {
  readonly figure: string;
  /** What was measured, in its own unit. */
  readonly measured: string;
  /** What it is compared with, measured in the same run; `-` where the bar is absolute. */
  readonly floor: string;
  /** The number that the bar is about. */
  readonly value: number;
  readonly unit: 'times' | 's' | 'ms' | 'MB' | 'bytes' | 'cores' | '%';
  readonly bar: Bar;
}

export interface Bar {
  readonly side: 'at most' | 'at least';
  readonly value: number;
}

export const atMost = (value: number): Bar => ({ side: 'at most', value });
export const atLeast = (value: number): Bar => ({ side: 'at least', value });

export function holds({ value, bar }: Line): boolean {
  return bar.side === 'at most' ? value <= bar.value : value >= bar.value;
}

const HEADINGS = ['figure', 'measured', 'floor', 'value', 'bar', 'holds'] as const;

/** The lines as a Markdown table whose columns stand below each other on a terminal, too. */
export function tableOf(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.figure,
    line.measured,
    line.floor,
    `${shown(line.value)} ${line.unit}`,
    `${line.bar.side === 'at most' ? '≤' : '≥'} ${line.bar.value}`,
    holds(line) ? 'yes' : '**NO**',
  ]);
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const printed = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [printed(HEADINGS), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(printed)].join('\n');
}

/** Three digits that mean something. */
export const shown = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
