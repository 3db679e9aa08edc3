import { answerParent } from './parent.ts';
import { insertRecords, openStore, writeStates, type WatchedRecords } from './watched-store.ts';

export interface FillWatchedOrder extends WatchedRecords {
  readonly records: number;
  /** The next probes are due from then on, evenly over one interval. */
  readonly dueFromMs: number;
}

/** Fills a store as it is after its registries have been watched for a while. */
async function fillWatched(order: FillWatchedOrder): Promise<number> {
  await (await openStore(order.dataDir)).close();
  insertRecords(order, 0, order.records);
  const store = await openStore(order.dataDir);
  await writeStates(store.health, { ...order, lives: [] });
  await store.close();
  return order.records;
}

answerParent(fillWatched);
