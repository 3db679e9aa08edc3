/** The process of `store-process.ts`: opens the store of its first argument, as the user of its second, and does what it is told. */
import { AppError } from '../../src/core/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { RecordStore } from '../../src/store/port.ts';
import { auditEntry } from '../contract/access-fixture.ts';
import { findIds, newRecord } from '../contract/store-fixture.ts';

export type Order =
  | { readonly number: number; readonly call: 'ids' | 'close' }
  | { readonly number: number; readonly call: 'insert'; readonly id: string; readonly noteLength: number };

export interface Answer {
  readonly number: number;
  readonly outcome?: string;
  readonly ids?: readonly string[];
  readonly error?: { readonly name: string; readonly message: string };
}

const [, , dataDir = '', uid] = process.argv;
const tell = (answer: Answer): void => void process.send?.(answer);

async function obey(store: RecordStore, order: Order): Promise<Answer> {
  switch (order.call) {
    case 'insert':
      return { number: order.number, outcome: await insert(store, order) };
    case 'ids':
      return { number: order.number, ids: await findIds(store, {}) };
    case 'close':
      await store.close();
      return { number: order.number };
  }
}

/** With what tells of it. */
function insert(store: RecordStore, { id, noteLength }: Extract<Order, { call: 'insert' }>): Promise<string> {
  return store.insert(newRecord(id, { container_registry_metadata: { note: 'x'.repeat(noteLength) } }), auditEntry({ action: 'record:create', record: id }));
}

try {
  if (uid !== undefined) process.setuid?.(Number(uid));
  const store = await openSqliteStore({ dataDir, log: { info: () => undefined, warn: () => undefined } });
  process.on('message', (order: Order) => {
    obey(store, order)
      .catch((error: unknown): Answer => ({ number: order.number, outcome: error instanceof AppError ? error.code : String(error) }))
      .then((answer) => {
        tell(answer);
        if (order.call === 'close') process.disconnect?.();
      })
      .catch(() => process.exit(1));
  });
  tell({ number: 0 });
} catch (error) {
  const { name, message } = error as Error;
  process.send?.({ number: 0, error: { name, message } } satisfies Answer, () => process.disconnect?.());
}
