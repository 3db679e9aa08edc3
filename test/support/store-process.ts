import { spawn } from 'node:child_process';
import type { Answer, Order } from './store-process-main.ts';

/** An SQLite store in a process of its own, to be killed, starved or refused. */
export interface StoreProcess {
  readonly pid: number;
  /** Inserts a record with a note of that many characters; resolves to `inserted`, `exists` or the code of the error. */
  insert(id: string, noteLength: number): Promise<string>;
  ids(): Promise<readonly string[]>;
  close(): Promise<void>;
  kill(): Promise<void>;
}

/**
 * Starts a process that opens the store of `dataDir`.
 * @param prefix a command that becomes the process, such as `unshare -m …`
 * @param uid whom the process runs as
 * @returns the process, or the name and message of the error that the store could not be opened for
 */
export async function startStoreProcess(dataDir: string, { prefix = [], uid = null }: { prefix?: readonly string[]; uid?: number | null } = {}): Promise<StoreProcess | Error> {
  const main = new URL('./store-process-main.ts', import.meta.url).pathname;
  const [program = '', ...args] = [...prefix, process.execPath, main, dataDir, ...(uid === null ? [] : [String(uid)])];
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { PATH: process.env['PATH'] } });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', (answer: Answer) => {
    waiting.get(answer.number)?.(answer);
    waiting.delete(answer.number);
  });
  let last = 0;
  const ask = (order: Order): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.set(order.number, resolve);
      void ended.then(() => reject(new Error('The process of the store has ended.')));
      if (order.number > 0) child.send(order);
    });
  const opened = await ask({ number: 0, call: 'ids' });
  if (opened.error !== undefined) {
    await ended;
    return Object.assign(new Error(opened.error.message), { name: opened.error.name });
  }
  return {
    pid: child.pid ?? 0,
    insert: async (id, noteLength) => (await ask({ number: ++last, call: 'insert', id, noteLength })).outcome ?? '',
    ids: async () => (await ask({ number: ++last, call: 'ids' })).ids ?? [],
    async close() {
      await ask({ number: ++last, call: 'close' });
      await ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The same, for stores that must open. @throws the error that it could not be opened for */
export async function startedStoreProcess(dataDir: string, options: Parameters<typeof startStoreProcess>[1] = {}): Promise<StoreProcess> {
  const outcome = await startStoreProcess(dataDir, options);
  if (outcome instanceof Error) throw outcome;
  return outcome;
}
