import type { Helper } from './helper.ts';
import type { Breakdown, RegistriesOrder } from './registries-process.ts';

/** Registries on loopback that work until they are told to break down. */
export interface Registries {
  readonly ports: readonly number[];
  /** The public URL of a numbered registry. There may be more of them than ports; then they differ in their paths. */
  urlOf(number: number): string;
  portOf(number: number): number;
  /** @returns when each breakdown happened, in milliseconds since the epoch, once all have */
  breakDown(breakdowns: readonly Breakdown[]): Promise<readonly number[]>;
  /** When probes of a numbered registry were answered, in milliseconds since the epoch. */
  visits(number: number): Promise<readonly number[]>;
}

export async function openRegistries(helper: Helper<RegistriesOrder, readonly number[]>, count: number, answerAfterMs: number): Promise<Registries> {
  const ports = await helper.ask({ order: 'open', ports: count, answerAfterMs });
  const portOf = (number: number): number => ports[number % ports.length] ?? 0;
  return {
    ports,
    portOf,
    urlOf: (number) => `http://127.0.0.1:${portOf(number)}/r/${number}`,
    breakDown: (breakdowns) => helper.ask({ order: 'break', breakdowns }),
    visits: (number) => helper.ask({ order: 'visits', number }),
  };
}
