import { connect, type Socket } from 'node:net';
import { limits } from '../core/limits.ts';
import { abortReason } from './abort.ts';
import { codeOf, DialError } from './dial-error.ts';

/** Errors that say more about this machine's routes than about the registry. */
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'EACCES', 'EPERM']);

// The first error that a registry caused: "refused" over IPv4 tells more than "no route" over IPv6.
function mostTelling(failures: readonly { readonly address: string; readonly error: Error }[]): DialError {
  const told = failures.find(({ error }) => !UNREACHABLE.has(codeOf(error))) ?? failures[0];
  const code = codeOf(told?.error);
  const addresses = failures.map(({ address }) => address).join(', ');
  return new DialError('connect', code, `No connection to ${addresses} (${code}).`, { cause: told?.error });
}

/**
 * Opens a TCP connection to the first address that answers. Each gets a head start of `limits.dialHeadStartMs`, the next is
 * dialled beside it then, or at once when it fails. Sockets that come too late are destroyed.
 * @param addresses literal and already judged: this dials whatever it is given
 * @throws {DialError} of phase `connect`; the signal's reason when it aborts
 */
export function connectFirst(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const failures: { address: string; error: Error }[] = [];
    let dialled = 0;
    let headStart: NodeJS.Timeout | undefined;

    function finish(winner: Socket | null): void {
      clearTimeout(headStart);
      signal.removeEventListener('abort', onAbort);
      dialled = addresses.length;
      for (const socket of open) if (socket !== winner) socket.destroy();
      open.clear();
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
      const socket = connect({ host: address, port, noDelay: true, autoSelectFamily: false });
      open.add(socket);
      socket.once('connect', () => {
        if (!open.has(socket)) return;
        finish(socket);
        resolve(socket);
      });
      // Stays for the socket's life: an error without a listener would end the process.
      socket.on('error', (error) => {
        if (!open.delete(socket)) return;
        failures.push({ address, error });
        if (dialled < addresses.length) dialNext();
        else if (open.size === 0) {
          finish(null);
          reject(mostTelling(failures));
        }
      });
      if (dialled < addresses.length) headStart = setTimeout(dialNext, limits.dialHeadStartMs);
    }

    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else dialNext();
  });
}
