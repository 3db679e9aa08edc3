/** A port that neither accepts nor refuses: dialling it hangs, as it does where a firewall drops packets. */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

export interface FullBacklog {
  readonly port: number;
  close(): Promise<void>;
}

// The thread never comes round to accepting: it listens and falls asleep.
const LISTENER = `
  const { workerData, parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: workerData.host, port: workerData.port, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(workerData.sleep), 0, 0));
  });
`;

export async function startFullBacklog(host: string, port = 0): Promise<FullBacklog> {
  const sleep = new SharedArrayBuffer(4);
  const worker = new Worker(LISTENER, { eval: true, workerData: { host, port, sleep } });
  const listening = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await delay(50);
  const fillers = await fill(host, listening);
  return {
    port: listening,
    async close() {
      for (const socket of fillers) socket.destroy();
      Atomics.store(new Int32Array(sleep), 0, 1);
      Atomics.notify(new Int32Array(sleep), 0);
      await worker.terminate();
    },
  };
}

/** Connects until the kernel takes no more. */
async function fill(host: string, port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (;;) {
    const socket = connect({ host, port });
    socket.on('error', () => undefined);
    sockets.push(socket);
    const connected = new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)));
    if (!(await Promise.race([connected, delay(300, false)]))) return sockets;
  }
}
