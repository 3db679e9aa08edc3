import { fork, type ChildProcess } from 'node:child_process';
import { endProcess } from './ending.ts';
import type { Reply } from './parent.ts';

/** A script of this folder as a process of its own that answers one question after the other. */
export interface Helper<Question, Answer> {
  readonly pid: number;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

export function startHelper<Question extends object, Answer>(script: string): Helper<Question, Answer> {
  const child = fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${script} cannot be started.`);
  return {
    pid,
    async ask(question) {
      const reply = (await replyTo(child, question)) as Reply<Answer>;
      if (!reply.ok) throw new Error(reply.message);
      return reply.value;
    },
    stop: () => endProcess(child),
  };
}

async function replyTo(child: ChildProcess, question: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('A helper process ended before it answered.'));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
    child.send(question);
  });
}
