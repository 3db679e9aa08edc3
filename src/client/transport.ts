/** What is asked of a `fetch`. */
export interface SendOptions {
  readonly method: string;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
  readonly headers: Record<string, string>;
  readonly body?: string | AsyncIterable<Uint8Array>;
  /** Demanded of bodies that are sent while they come. @see https://fetch.spec.whatwg.org/#enumdef-requestduplex */
  readonly duplex?: 'half';
}

/** As much of `fetch` as the client needs. */
export type Send = (url: URL, options: SendOptions) => Promise<Response>;

/**
 * undici's `fetch`: the version that is pinned here, whichever Node has built in. It is loaded with the first call, because what needs
 * none, such as `portolan --help`, should not wait for it.
 */
export const pinnedFetch: Send = async (url, options) => {
  const undici = await import('undici');
  return undici.fetch(url, options);
};
