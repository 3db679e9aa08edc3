import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FillOrder } from './fill-process.ts';
import { startHelper, type Helper } from './helper.ts';
import type { Line } from './line.ts';
import type { Load, LoadResult } from './load.ts';
import { openRegistries, type Registries } from './registries.ts';
import type { RegistriesOrder } from './registries-process.ts';
import { startService, type Service, type Variables } from './service.ts';

/** One bench: its name on the command line, what it measures, and how. */
export interface Bench {
  readonly name: string;
  readonly about: string;
  run(workspace: Workspace): Promise<readonly Line[]>;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** A temporary folder and the processes that work in it. Nothing of it is left after `dispose`. */
export class Workspace {
  readonly folder: string;
  readonly #running = new Set<Stoppable>();
  readonly #filled = new Map<number, Promise<string>>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Workspace> {
    return new Workspace(await mkdtemp(join(tmpdir(), 'portolan-bench-')));
  }

  /** Progress, for whoever waits; the table alone goes to standard output. */
  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  async emptyFolder(): Promise<string> {
    return mkdtemp(join(this.folder, 'data-'));
  }

  /** A data folder with so many records. It is filled once and shared: whoever writes takes a `copyOf` it. */
  async filledFolder(records: number): Promise<string> {
    const existing = this.#filled.get(records);
    if (existing !== undefined) return existing;
    const filling = this.#fill(records);
    this.#filled.set(records, filling);
    return filling;
  }

  async copyOf(dataDir: string): Promise<string> {
    const copy = await this.emptyFolder();
    await cp(dataDir, copy, { recursive: true });
    return copy;
  }

  async startService(dataDir: string, variables: Variables = {}): Promise<Service> {
    return this.keep(await startService(this.folder, dataDir, variables));
  }

  /** Ends with the bench, like everything that it starts. */
  keep<T extends Stoppable>(process: T): T {
    this.#running.add(process);
    return process;
  }

  /** Registries of one process, on so many ports. @param answerAfterMs how long they take for each answer */
  async openRegistries(ports: number, answerAfterMs = 0): Promise<Registries> {
    return openRegistries(this.startHelper<RegistriesOrder, readonly number[]>('harness/registries-process.ts'), ports, answerAfterMs);
  }

  /** @param script file name below `bench/` */
  startHelper<Question extends object, Answer>(script: string): Helper<Question, Answer> {
    return this.keep(startHelper<Question, Answer>(resolve(import.meta.dirname, '..', script)));
  }

  startLoadGenerator(): Helper<Load, LoadResult> {
    return this.startHelper('harness/load-process.ts');
  }

  /** Ends what a bench has left running, so that it does not disturb the next. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((process) => process.stop()));
    this.#running.clear();
  }

  async dispose(): Promise<void> {
    await this.stopAll();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #fill(records: number): Promise<string> {
    const dataDir = await this.emptyFolder();
    const startedMs = performance.now();
    const filler = this.startHelper<FillOrder, number>('harness/fill-process.ts');
    await filler.ask({ dataDir, records });
    await filler.stop();
    this.say(`filled a store with ${records} records in ${Math.round((performance.now() - startedMs) / 1000)} s`);
    return dataDir;
  }
}
