import { stripVTControlCharacters } from 'node:util';
import type { RegistryHealth, VantageReport } from '../../../src/client/types.ts';
import { shownVerdict, statusLines, type StatusOptions } from '../../../src/cli/render/status.ts';
import { widthOf } from '../../../src/cli/render/text.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const wide: StatusOptions = { widthMax: null, colour: false, nowMs };

const report = (more: Partial<VantageReport> = {}): VantageReport => ({
  status: 'up',
  cause: 'ok',
  since: '2026-11-21T11:00:00.000Z',
  last_checked_at: '2026-11-21T11:59:40.000Z',
  next_check_at: '2026-11-21T12:00:10.000Z',
  latency_ms: 12.3,
  certificate_expires_at: null,
  in_maintenance: false,
  uptime: { '24h': 0.9995, '7d': 1, '30d': null, '90d': null },
  ...more,
});

function registry(id: string, more: Partial<RegistryHealth> = {}): RegistryHealth {
  const { status = 'up', cause = 'ok', since = '2026-11-21T11:00:00.000Z' } = more;
  return { id, name: `name of ${id}`, url: `https://${id}.example.com`, registry_type: 'aios', status, cause, since, credential: null, vantages: { default: report({ status, cause }) }, ...more };
}

describe('the table of verdicts', () => {
  it('says of each registry what it is, since when, why, how fast and where', () => {
    expect(statusLines([registry('edge-7')], wide)).toEqual([
      'VERDICT  NAME            ID      CAUSE  SINCE  LATENCY  UPTIME 24H  URL',
      'up       name of edge-7  edge-7  ok        1h    12 ms      99.95%  https://edge-7.example.com',
      '',
      '1 registry: 1 up',
    ]);
  });

  it('shows the worst first, then by name', () => {
    const statuses = ['up', 'unknown', 'degraded', 'down', 'auth_failed', 'up'] as const;
    const lines = statusLines(statuses.map((status, n) => registry(`r${5 - n}`, { status })), wide);
    expect(lines.slice(1, 7).map((line) => line.split(/ {2,}/).slice(0, 2).join(' '))).toEqual([
      'down name of r2',
      'auth_failed name of r1',
      'degraded name of r3',
      'unknown name of r4',
      'up name of r0',
      'up name of r5',
    ]);
    expect(lines.at(-1)).toBe('6 registries: 1 down, 1 auth_failed, 1 degraded, 1 unknown, 2 up');
  });

  it('fits a terminal of 80 columns and still shows each id whole', () => {
    const id = 'b3c38f52-8f2e-43a3-9aa9-bd9a4c75e509';
    const long = registry(id, { name: 'a registry with a rather long name for people', status: 'auth_failed', cause: 'credentials_rejected', url: `https://registry.example.com/${'path/'.repeat(20)}` });
    const lines = statusLines([long, registry('edge-7')], { ...wide, widthMax: 80 });
    expect(lines.filter((line) => widthOf(line) > 80)).toEqual([]);
    expect(lines.join('\n')).toContain(id);
    expect(lines[0]).toMatch(/^VERDICT +NAME +CAUSE +SINCE +LATENCY +UPTIME 24H$/);
    expect(lines[1]).toMatch(/^auth_failed {2}a registry with … {2}credentials_rejected {5}1h/);
  });

  it('tells verdicts by words, and underlines them by colours where those are wanted', () => {
    const registries = [registry('a', { status: 'down', cause: 'refused' }), registry('b')];
    const coloured = statusLines(registries, { ...wide, colour: true });
    expect(coloured.join('\n')).toContain('\u001b[');
    expect(coloured.map(stripVTControlCharacters)).toEqual(statusLines(registries, wide));
    expect(statusLines(registries, wide).join('\n')).not.toContain('\u001b');
  });

  it('of several vantages shows the worst figures, and who sees what where they differ', () => {
    const vantages = { east: report({ latency_ms: 300, uptime: { '24h': null, '7d': null, '30d': null, '90d': null } }), 'we\u001bst': report({ status: 'down', cause: 'timeout', since: '2026-11-21T11:55:00.000Z', latency_ms: null }) };
    const lines = statusLines([registry('a', { status: 'degraded', cause: 'vantages_differ', vantages })], wide);
    expect(lines[1]).toContain('  300 ms      99.95%  ');
    expect(lines.slice(2, 4)).toEqual(['  from east: up, ok, 1h', '  from we\\u{1b}st: down, timeout, 5m']);
  });

  it('from one vantage shows what that one sees, and unknown where it sees nothing', () => {
    const seen = registry('a', { status: 'degraded', cause: 'vantages_differ', vantages: { east: report(), west: report({ status: 'down', cause: 'timeout' }) } });
    expect(statusLines([seen], { ...wide, vantage: 'west' })[1]).toMatch(/^down .* timeout /);
    expect([shownVerdict(seen, undefined), shownVerdict(seen, 'west'), shownVerdict(seen, 'moon')]).toEqual(['degraded', 'down', 'unknown']);
  });

  it('says when planned work is under way', () => {
    expect(statusLines([registry('a', { status: 'down', cause: 'refused', vantages: { default: report({ in_maintenance: true }) } })], wide)[1]).toContain('refused (maintenance)');
  });

  it('has something to say of a registry that nobody has probed, and of none at all', () => {
    expect(statusLines([registry('a', { status: 'unknown', cause: 'never_probed', since: null, vantages: {} })], wide)[1]).toMatch(/^unknown .* never_probed {6}- {8}- {11}- {2}https/);
    expect(statusLines([], wide)).toEqual(['No registry to show. `portolan add <url>` adds one.']);
  });

  it('abuse 34: spells out controls in names, ids and URLs', () => {
    const lines = statusLines([registry('a', { id: 'i\u0007d', name: '\u001b]0;owned\u0007', url: 'http://\u202ex', cause: '\u009b2J' })], wide);
    expect(lines.join('\n')).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(lines[1]).toContain('\\u{1b}]0;owned\\u{7}');
  });
});
