import { setTimeout as delay } from 'node:timers/promises';
import { runCli } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: any;
  /** Where the request has these headers. */
  readonly authorization?: string;
  readonly ifMatch?: string;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly Asked[];
  /** What was asked of whoever sits at the terminal; those that show nothing while they are typed begin with `*`. */
  readonly questions: readonly string[];
}

export interface Setting {
  readonly env?: Record<string, string>;
  readonly size?: { columns: number; rows: number };
  /** Data of each answer in turn, the last one again and again; an error is thrown, a `Response` stands for itself. */
  readonly answers?: readonly unknown[];
  /** Instead of `answers`: what a request is answered with, as data, as an error, or as a `Response`. */
  readonly answer?: (request: Asked) => unknown;
  /** Times that `--watch` may wait before the window is closed. */
  readonly rounds?: number;
  /** What is typed at questions, in turn; without it there is no terminal to ask at. */
  readonly typed?: readonly string[];
  /** Standard input; without it, that is a terminal. */
  readonly input?: string;
  readonly resetAdmin?: Terminal['resetAdmin'];
  readonly restoreStore?: Terminal['restoreStore'];
  readonly migrateStore?: Terminal['migrateStore'];
  /** Columns of the window that standard error goes to; without it, that is a pipe. */
  readonly errColumns?: number;
}

export const NOW_MS = Date.parse('2026-11-21T12:00:00Z');

const noStore = (): Promise<never> => Promise.reject(new Error('There is no store.'));

/** Runs a command line in a window and with a service that are scripted. Without HOME in its environment it knows of no sessions. */
export async function runCommandLine(args: readonly string[], setting: Setting = {}): Promise<Ran> {
  const { env = {}, size, typed, input, rounds = 0, resetAdmin = noStore, restoreStore = noStore, migrateStore = noStore } = setting;
  const asked: Asked[] = [];
  const questions: string[] = [];
  const texts = { out: '', err: '' };
  let waits = 0;
  const terminal: Terminal = {
    env,
    clock: { nowMs: () => NOW_MS, monotonicMs: () => 0 },
    size: () => size ?? null,
    out: async (text) => void (texts.out += text),
    err: (text) => void (texts.err += text),
    wait: async (ms) => {
      // Waiting for a lock is short, and nothing that a test scripts.
      if (ms < 1000) await delay(ms);
      else if (waits++ >= rounds) throw new Error('the window was closed');
    },
    ask: async (question, { isShown }) => {
      questions.push(`${isShown ? '' : '*'}${question}`);
      return typed?.[questions.length - 1] ?? null;
    },
    input: async () => input ?? null,
    inputChunks: () => chunksOf(input ?? ''),
    errColumns: () => setting.errColumns ?? null,
    resetAdmin,
    restoreStore,
    migrateStore,
    fetch: async (url, init) => {
      const request = new Request(url, init);
      const body = await request.text();
      const authorization = request.headers.get('authorization');
      const ifMatch = request.headers.get('if-match');
      const one: Asked = {
        method: request.method,
        url: request.url,
        body: body === '' ? undefined : JSON.parse(body),
        ...(authorization === null ? {} : { authorization }),
        ...(ifMatch === null ? {} : { ifMatch }),
      };
      asked.push(one);
      return answerOf(setting.answer === undefined ? scripted(setting.answers ?? [[]], asked.length) : await setting.answer(one));
    },
  };
  const code = await runCli(args, terminal, '1.2.3');
  return { code, ...texts, asked, questions };
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < text.length; start += 40) yield Buffer.from(text.slice(start, start + 40));
}

const scripted = (answers: readonly unknown[], count: number): unknown => answers[Math.min(count, answers.length) - 1];

function answerOf(answer: unknown): Response {
  if (answer instanceof Error) throw answer;
  return answer instanceof Response ? answer : Response.json({ success: true, data: answer });
}

/** An error in Portolan's envelope. */
export const refusal = (status: number, code: string, error = 'No.'): Response => Response.json({ success: false, error, code }, { status });
