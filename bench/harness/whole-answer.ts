import { connect } from 'node:net';

/** A request on a connection of its own, and how its answer must end to be whole. */
export interface WholeRequest {
  /** As it goes over the wire. */
  readonly text: string;
  readonly end: RegExp;
}

/** Reads the whole answer as fast as it comes and keeps nothing of it. @returns milliseconds @throws {Error} when it is not whole */
export async function readWhole(port: number, { text, end }: WholeRequest, bytesMin: number): Promise<number> {
  const startedMs = performance.now();
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(text);
  let bytes = 0;
  let last = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    last = Buffer.concat([last, chunk]).subarray(-16);
  }
  if (bytes < bytesMin || !end.test(last.toString('latin1'))) throw new Error(`The answer broke off after ${bytes} bytes of ${bytesMin}.`);
  return performance.now() - startedMs;
}
