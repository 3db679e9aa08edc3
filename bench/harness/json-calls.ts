/** Requests around a measurement, not within it: convenient, and not cheap. */

/** Each waits for its answer, so that the service is not flooded. */
const CALLS_AT_ONCE = 16;

/** @returns the `data` of the answer. @throws {Error} when there is none */
export async function callJson(port: number, method: 'GET' | 'POST', path: string, body?: unknown, authorization?: string): Promise<unknown> {
  const who: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
  const init = body === undefined ? { method, headers: who } : { method, body: JSON.stringify(body), headers: { ...who, 'Content-Type': 'application/json' } };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`);
  return (JSON.parse(text) as { data: unknown }).data;
}

/** Does something for every item, some at once; the results are in the items' order. */
export async function forAll<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker));
  return results;
}
