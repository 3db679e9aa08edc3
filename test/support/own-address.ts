import { spawnSync } from 'node:child_process';

/** Of TEST-NET-1, which nobody has. @see https://www.rfc-editor.org/rfc/rfc5737 */
const ADDRESS = '192.0.2.10';

/**
 * An address that is not loopback and that no packet leaves this machine by: one more of the loopback device, where the tests have a
 * network of their own. Elsewhere the machine's own network must be left as it is; there it is every address of the machine, called by loopback.
 * @returns `host` to listen on, `address` to call
 */
export function openAddress(): { readonly host: string; readonly address: string } {
  if (process.env['PORTOLAN_TEST_NETNS'] !== 'loopback') return { host: '0.0.0.0', address: '127.0.0.1' };
  const { status, stderr } = spawnSync('ip', ['address', 'replace', `${ADDRESS}/32`, 'dev', 'lo'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The address ${ADDRESS} could not be added: ${stderr}`);
  return { host: ADDRESS, address: ADDRESS };
}
