import { spawnSync } from 'node:child_process';

/**
 * What to put before a command so that it runs in a network namespace that has only loopback: no packet of a test can
 * then leave the machine, whatever address a record names. `null` where the machine does not allow it.
 */
export function loopbackPrefix(): readonly string[] | null {
  const newNetwork = process.getuid?.() === 0 ? '-n' : '-rn';
  const args = [newNetwork, 'sh', '-c', 'ip link set lo up && exec "$@"', 'loopback-only'];
  const works = spawnSync('unshare', [...args, 'true'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
  return works ? ['unshare', ...args] : null;
}
