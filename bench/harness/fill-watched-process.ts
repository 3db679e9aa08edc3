import { answerParent } from './parent.ts';
import { insertRecords, openStore, writeStates, type WatchedRecords } from './watched-store.ts';

export interface FillWatchedOrder extends WatchedRecords {
  readonly records: number;
  /** The next probes are due so long after the records are there. */
  readonly dueAfterMs: number;
}

/** Fills a store as it is after its registries have been watched for a while. @returns from when on, evenly over one interval, probes are due */
async function fillWatched(order: FillWatchedOrder): Promise<number> {
  await (await openStore(order.dataDir)).close();
  insertRecords(order, 0, order.records);
  const store = await openStore(order.dataDir);
  const dueFromMs = Date.now() + order.dueAfterMs;
  await writeStates(store.health, { ...order, dueFromMs, lives: [] });
  await store.close();
  return dueFromMs;
}

answerParent(fillWatched);
