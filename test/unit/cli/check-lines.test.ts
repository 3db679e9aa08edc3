import { checkLines, type CheckOptions } from '../../../src/cli/render/check.ts';
import { widthOf } from '../../../src/cli/render/text.ts';
import type { ProbeResult, ShownRecord } from '../../../src/client/types.ts';

const plain: CheckOptions = { record: null, nowMs: Date.parse('2026-11-21T12:00:00Z'), widthMax: null, colour: false };

const healthy: ProbeResult = {
  reachable: true,
  healthy: true,
  status_code: 401,
  reason: 'Unauthorized',
  url: 'https://registry.example.com/v2/',
  cause: 'auth_required',
  authenticated: false,
  phases: { dns_ms: 1.2, connect_ms: 0.412, tls_ms: 12.5, first_byte_ms: 1.103, total_ms: 16.4 },
  tls: {
    subject: 'CN=registry.example.com',
    issuer: 'CN=Some Authority',
    names: ['a.example', 'b.example', 'c.example', 'd.example', 'e.example', 'f.example', 'g.example'],
    valid_from: '2026-11-01T00:00:00.000Z',
    expires_at: '2026-12-01T12:00:00.000Z',
    lifetime_left: 0.3299,
  },
  challenge: { scheme: 'Bearer', realm: 'https://auth.example.com/token', service: null },
  flavor: 'harbor',
  retry_after_s: null,
  canary: { reference: 'library/busybox:latest', status_code: 200, ok: true },
  vantage: 'default',
  checked_at: '2026-11-21T12:00:00.000Z',
};

const refused: ProbeResult = {
  ...healthy,
  reachable: false,
  healthy: false,
  status_code: null,
  reason: 'Nothing listens there.',
  cause: 'refused',
  phases: { dns_ms: null, connect_ms: null, tls_ms: null, first_byte_ms: null, total_ms: 0.8 },
  tls: null,
  challenge: null,
  canary: null,
};

describe('the lines of a check', () => {
  it('tell all that a probe found', () => {
    expect(checkLines(healthy, plain)).toEqual([
      'healthy      https://registry.example.com/v2/',
      'answer       401 Unauthorized',
      'cause        auth_required: The registry works and asks for a login, as most do.',
      'phases       dns 1.2 ms, connect 0.4 ms, tls 13 ms, first byte 1.1 ms, total 16 ms',
      'certificate  CN=registry.example.com, issued by CN=Some Authority, ends 2026-12-01T12:00:00.000Z (in 10d), 32% of its life left',
      'names        a.example, b.example, c.example, d.example, e.example and 2 more',
      'login        Bearer, realm https://auth.example.com/token',
      'server       harbor',
      'canary       library/busybox:latest is served (status 200)',
      'probed       from default at 2026-11-21T12:00:00.000Z',
    ]);
  });

  it('tell what is wrong and what helps, and leave out what is not known', () => {
    expect(checkLines(refused, plain)).toEqual([
      'not healthy  https://registry.example.com/v2/',
      'answer       Nothing listens there.',
      'cause        refused: Nothing listens on that port.',
      'remedy       Start the registry, or correct the port in the URL.',
      'phases       dns -, connect -, tls -, first byte -, total 0.8 ms',
      'server       harbor',
      'probed       from default at 2026-11-21T12:00:00.000Z',
    ]);
  });

  it('say of a recorded registry what it is called, and what all probes together make of it', () => {
    const record: ShownRecord = {
      container_registry_id: 'edge-7',
      container_registry_name: 'Edge 7',
      health: { status: 'degraded', cause: 'tls_expiring', since: '2026-11-21T10:00:00.000Z', vantages: {} },
    };
    const lines = checkLines(healthy, { ...plain, record });
    expect(lines).toContain('record       Edge 7 (edge-7)');
    expect(lines).toContain('verdict      degraded, tls_expiring, since 2026-11-21T10:00:00.000Z (2h)');
    expect(lines).toContain('             The certificate is in the last tenth of its life. Renew the certificate.');
  });

  it('name certificates that ended, canaries that are gone, and when to come back', () => {
    const tls = { ...healthy.tls!, expires_at: '2026-11-20T12:00:00.000Z', lifetime_left: -0.1, names: [] };
    const lines = checkLines({ ...healthy, healthy: false, cause: 'tls_expired', tls, canary: { reference: 'a:b', status_code: null, ok: false }, retry_after_s: 30 }, plain);
    expect(lines.find((line) => line.startsWith('certificate'))).toContain('ended 2026-11-20T12:00:00.000Z (1d ago), 0% of its life left');
    expect(lines).toContain('canary       a:b is not served (no answer)');
    expect(lines).toContain('come back    in 30 s, says the registry');
    expect(lines.some((line) => line.startsWith('names'))).toBe(false);
  });

  it('end with the probe’s own log where that was asked for', () => {
    const log = [{ at_ms: 0.04, event: 'resolving' }, { at_ms: 1234.56, event: 'answer\u001b[2J' }];
    expect(checkLines({ ...refused, log }, plain).slice(-3)).toEqual(['', '      0.0 ms  resolving', '   1234.6 ms  answer\\u{1b}[2J']);
  });

  it('are broken between words to fit a terminal', () => {
    const lines = checkLines({ ...healthy, healthy: false, cause: 'not_a_registry', reason: 'word '.repeat(40) }, { ...plain, widthMax: 80 });
    expect(lines.filter((line) => widthOf(line) > 80)).toEqual([]);
    expect(lines).toContain('cause        not_a_registry: Something answers, but it does not speak the OCI');
  });

  it('show a cause that this command does not know yet', () => {
    expect(checkLines({ ...refused, cause: 'toString' as ProbeResult['cause'] }, plain)).toContain('cause        toString');
  });

  it('abuse 34: spell out controls in whatever the registry said', () => {
    const evil = '\u001b]0;x\u0007\u202e';
    const tls = { ...healthy.tls!, subject: evil, issuer: evil, names: [evil], expires_at: evil };
    const shown = checkLines({ ...healthy, reason: evil, url: evil, tls, challenge: { scheme: evil, realm: evil, service: evil }, vantage: evil, canary: { ...healthy.canary!, reference: evil } }, plain);
    expect(shown.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(shown.join('').split('\\u{1b}]0;x\\u{7}\\u{202e}')).toHaveLength(11);
  });
});
