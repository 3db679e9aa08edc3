import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../core/limits.ts';

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Cuts a request off whose body has not arrived in time. The server's own `requestTimeout` would do the same, but for all routes alike, and
 * a large import may take as long as it makes progress.
 */
export function setBodyDeadline(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (length === '0' && encoding === undefined) return;
  const timer = setTimeout(() => cutOff(request, response), limits.requestTimeoutMs).unref();
  timers.set(request, timer);
  const stop = (): void => clearTimeout(timer);
  request.once('end', stop);
  request.once('close', stop);
}

/** For bodies that are held to a pace instead. */
export function liftBodyDeadline(request: IncomingMessage): void {
  clearTimeout(timers.get(request));
}

function cutOff({ socket }: IncomingMessage, response: ServerResponse): void {
  if (!response.headersSent && socket.writable) socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
  socket.destroySoon();
}
