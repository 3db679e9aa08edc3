import { styleText } from 'node:util';
import type { Verdict } from '../../client/types.ts';

/** Worst first, as tables show them. */
export const VERDICTS = ['down', 'auth_failed', 'degraded', 'unknown', 'up'] as const satisfies readonly Verdict[];

const COLOURS = { down: ['bold', 'red'], auth_failed: 'magenta', degraded: 'yellow', unknown: 'dim', up: 'green' } as const satisfies Record<Verdict, unknown>;

export function isVerdict(word: string): word is Verdict {
  return (VERDICTS as readonly string[]).includes(word);
}

/** The word tells the verdict, colour only underlines it. */
export function paintVerdict(verdict: string, text: string): string {
  return isVerdict(verdict) ? styleText([COLOURS[verdict]].flat(), text, { validateStream: false }) : text;
}
