import { openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ReadStream, WriteStream } from 'node:tty';
import { Interrupted } from './failure.ts';

/** The terminal that this process belongs to, wherever its standard streams go. */
interface OwnTerminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
  close(): void;
}

/**
 * Asks at the terminal for one line. The line is edited by readline in raw mode, so the terminal itself echoes nothing, and what readline
 * would draw is thrown away where the answer is a secret. The terminal is as before when this returns, and when the process is ended.
 */
export async function askAtTerminal(question: string, { isShown }: { readonly isShown: boolean }): Promise<string | null> {
  const terminal = openTerminal();
  if (terminal === null) return null;
  const { input, output } = terminal;
  // What is typed ahead must not show either, so raw mode comes before the question.
  const lines = createInterface({ input, output: isShown ? output : nothing(), terminal: true, historySize: 0 });
  try {
    if (!isShown) output.write(question);
    return await answer(lines, isShown ? question : '');
  } finally {
    lines.close();
    if (!isShown) output.write('\n');
    terminal.close();
  }
}

/** Without listeners of its own, an interface in raw mode that meets Ctrl-C or Ctrl-D would let the process end with 0. */
function answer(lines: ReturnType<typeof createInterface>, question: string): Promise<string> {
  return new Promise((answered, interrupted) => {
    const stop = (): void => interrupted(new Interrupted('interrupted'));
    lines.on('SIGINT', stop).on('close', stop);
    lines.question(question).then(answered, interrupted);
  });
}

const nothing = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

/** A process without a terminal, such as a job of CI, has no `/dev/tty` to open. */
function openTerminal(): OwnTerminal | null {
  let input: ReadStream;
  let output: WriteStream;
  try {
    input = new ReadStream(openSync('/dev/tty', 'r'));
    output = new WriteStream(openSync('/dev/tty', 'w'));
  } catch {
    return null;
  }
  return {
    input,
    output,
    close() {
      input.destroy();
      output.destroy();
    },
  };
}
