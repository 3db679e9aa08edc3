/** Why a signal was aborted. It is an error unless whoever aborts insists on something else. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason as Error;
}

/** Settles as `work` does, or rejects as soon as `signal` aborts; `work` itself goes on then, and nobody hears of it. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortReason(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const done = (): void => signal.removeEventListener('abort', onAbort);
    work.then(resolve, reject).then(done, done);
  });
}
