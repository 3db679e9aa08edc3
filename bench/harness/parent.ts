/** A message of a helper process: the answer to one question, or why there is none. */
export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** Makes this process answer its parent's questions, one at a time, until the parent is gone. */
export function answerParent(answer: (question: never) => Promise<unknown>): void {
  process.on('message', (question) => {
    answer(question as never).then(
      (value) => send({ ok: true, value }),
      (error: unknown) => send({ ok: false, message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

function send(reply: Reply<unknown>): void {
  process.send?.(reply);
}
