import type { ChangeReport } from '../client/types.ts';
import type { JsonObject } from '../core/json.ts';
import { UsageError } from './failure.ts';
import { countText } from './render/quantities.ts';
import { safeLine } from './render/text.ts';

/** Which records a command is about: those of a filter, or all. @throws {UsageError} when that is not said */
export function chosenFilter({ filter, all }: { readonly filter?: JsonObject; readonly all?: true }): JsonObject {
  if (filter === undefined && all !== true) throw new UsageError('Say which records are meant with --filter, or all of them with --all.');
  return filter ?? {};
}

/** What came of a change of many, or would come of it, in words. @param verb as in "3 updated" */
export function reportText({ matched, changed, unchanged, failed, forbidden }: ChangeReport, verb: string, isTrial: boolean): string {
  const parts = [
    `${changed} ${isTrial ? 'would be ' : ''}${verb}`,
    ...(unchanged > 0 ? [`${unchanged} ${isTrial ? 'are' : 'were'} as asked already`] : []),
    ...(forbidden > 0 ? [`${forbidden} you may not change`] : []),
    ...(failed > 0 ? [`${failed} ${isTrial ? 'would fail' : 'failed'}`] : []),
  ];
  return `${countText(matched, 'record', 'records')} ${matched === 1 ? 'matches' : 'match'}: ${parts.join(', ')}.`;
}

export const failureLines = ({ failures }: ChangeReport): string => failures.map(({ id, code, error }) => `${safeLine(`${id}: ${code}: ${error}`)}\n`).join('');
