import { connect, type Socket } from 'node:net';
import { limits } from '../core/limits.ts';
import { abortReason } from './abort.ts';
import { codeOf, DialError } from './dial-error.ts';

/** Errors that say more about this machine's routes than about the registry. */
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'EACCES', 'EPERM']);

interface Failure {
  readonly address: string;
  readonly error: Error;
}

function failureOf(failures: readonly Failure[]): DialError {
  // The first error that a registry caused: "refused" over IPv4 tells more than "no route" over IPv6.
  const told = failures.find(({ error }) => !UNREACHABLE.has(codeOf(error))) ?? failures[0];
  const code = codeOf(told?.error);
  const addresses = failures.map(({ address }) => address).join(', ');
  return new DialError('connect', code, `No connection to ${addresses} (${code}).`, { cause: told?.error });
}

/** Stays for a socket's life: an error without a listener would end the process. */
const ignore = (): void => undefined;

interface Attempt {
  readonly socket: Socket;
  /** Forgets whoever waited for it: dead sockets stay in memory for a while, and would keep all that their listeners know. */
  readonly leave: () => void;
}

function attempt(address: string, port: number, onConnect: () => void, onError: (error: Error) => void): Attempt {
  const socket = connect({ host: address, port, noDelay: true, autoSelectFamily: false });
  socket.on('error', ignore);
  socket.on('connect', onConnect);
  socket.on('error', onError);
  return {
    socket,
    leave() {
      socket.off('connect', onConnect);
      socket.off('error', onError);
    },
  };
}

/** The same as `race`, at half its cost, for the usual case. */
function connectOnly(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { socket, leave } = attempt(
      address,
      port,
      () => {
        finish();
        resolve(socket);
      },
      (error) => {
        finish();
        reject(failureOf([{ address, error }]));
      },
    );
    function finish(): void {
      leave();
      signal.removeEventListener('abort', onAbort);
    }
    function onAbort(): void {
      finish();
      socket.destroy();
      reject(abortReason(signal));
    }
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function race(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const open = new Set<Attempt>();
    const failures: Failure[] = [];
    let dialled = 0;
    let headStart: NodeJS.Timeout | undefined;

    function finish(winner: Attempt | null): void {
      clearTimeout(headStart);
      signal.removeEventListener('abort', onAbort);
      for (const each of open) {
        each.leave();
        if (each !== winner) each.socket.destroy();
      }
    }
    function onAbort(): void {
      finish(null);
      reject(abortReason(signal));
    }
    function dialNext(): void {
      clearTimeout(headStart);
      const address = addresses[dialled];
      if (address === undefined) return;
      dialled += 1;
      const current = attempt(
        address,
        port,
        () => {
          finish(current);
          resolve(current.socket);
        },
        (error) => {
          current.leave();
          open.delete(current);
          failures.push({ address, error });
          if (dialled < addresses.length) dialNext();
          else if (open.size === 0) {
            finish(null);
            reject(failureOf(failures));
          }
        },
      );
      open.add(current);
      if (dialled < addresses.length) headStart = setTimeout(dialNext, limits.dialHeadStartMs);
    }

    signal.addEventListener('abort', onAbort, { once: true });
    dialNext();
  });
}

/**
 * Opens a TCP connection to the first address that answers. Each gets a head start of `limits.dialHeadStartMs`, the next is
 * dialled beside it then, or at once when it fails. Sockets that come too late are destroyed.
 * @param addresses literal and already judged: this dials whatever it is given
 * @throws {DialError} of phase `connect`; the signal's reason when it aborts
 */
export function connectFirst(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  const [first, second] = addresses;
  if (signal.aborted) return Promise.reject(abortReason(signal));
  return first !== undefined && second === undefined ? connectOnly(first, port, signal) : race(addresses, port, signal);
}
