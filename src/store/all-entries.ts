import type { Entry, EntryKind, EntryStore } from './access-port.ts';

const PAGE = 250;

/** All entries of one kind, or all of one owner, in the order of keys; read page by page. */
export async function* allEntries(entries: EntryStore, kind: EntryKind, owner?: string): AsyncGenerator<Entry> {
  let afterKey: string | null = null;
  for (;;) {
    const page: readonly Entry[] = await entries.list(kind, { ...(owner === undefined ? {} : { owner }), afterKey, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    afterKey = last.key;
  }
}
