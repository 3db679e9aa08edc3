import { addUser, ADMIN_PASSWORD, logIn, makeToken } from '../support/callers.ts';
import { openConnection } from '../support/network.ts';
import { call, newRecord } from '../support/requests.ts';
import { startService } from '../support/service.ts';
import { until } from '../support/until.ts';

const variables = { AUTH: 'on', ADMIN_PASSWORD, RATE_LIMIT_PER_MINUTE: '0' };

describe('limits of one principal', () => {
  it('abuse 37: requests are counted by user, whatever addresses they claim to come from', async () => {
    const limited = await startService({ ...variables, RATE_LIMIT_PER_MINUTE: '20' });
    try {
      const boss = await logIn(limited.url, 'admin', ADMIN_PASSWORD);
      const token = await makeToken(limited.url, boss, ['record:read']);
      const statuses: number[] = [];
      for (let n = 0; n < 24; n++) statuses.push((await (n % 2 === 0 ? boss : token).call('GET', '/container_registries', { headers: { 'X-Forwarded-For': `192.0.2.${n}` } })).status);
      // Making the token was one of the twenty.
      expect(statuses).toEqual([...Array<number>(19).fill(200), ...Array<number>(5).fill(429)]);
      expect((await call(limited.url, 'GET', '/health')).status).toBe(200);
    } finally {
      await limited.stop();
    }
  });

  it('streamed answers at once are limited, and those whose reader has gone no longer count', async () => {
    const streaming = await startService({ ...variables, STREAMS_PER_PRINCIPAL_MAX: '2' });
    try {
      const boss = await logIn(streaming.url, 'admin', ADMIN_PASSWORD);
      const large = { container_registry_metadata: { text: 'x'.repeat(900_000) } };
      await Promise.all(Array.from({ length: 24 }, (_unused, n) => boss.call('POST', '/container_registry', { body: newRecord(`large-${n}`, large) })));
      const stalled = await Promise.all([0, 1].map(() => openConnection(streaming.url)));
      for (const socket of stalled) socket.write(`GET /container_registries HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${boss.bearer ?? ''}\r\n\r\n`);
      // Both and this one: asking for a list meanwhile would take the place of one of them.
      await until(async () => (await boss.call('GET', '/metrics')).text.includes('portolan_http_requests_in_flight 3\n'));
      const listed = async (): Promise<string> => {
        const { status, text } = await boss.call('GET', '/container_registries?fields=container_registry_name');
        return status === 200 ? 'ok' : (JSON.parse(text) as { code: string }).code;
      };
      expect(await listed()).toBe('TOO_MANY_STREAMS');
      expect((await boss.call('GET', '/container_registries?limit=1')).status).toBe(200);
      stalled[0]?.destroy();
      await until(async () => (await listed()) === 'ok');
      stalled[1]?.destroy();
    } finally {
      await streaming.stop();
    }
  }, 90_000);

  it('records of one owner are limited, those of an administrator are not', async () => {
    const small = await startService({ ...variables, RECORDS_PER_OWNER_MAX: '2' });
    try {
      const boss = await logIn(small.url, 'admin', ADMIN_PASSWORD);
      await addUser(boss, { username: 'paul', role: 'publisher' });
      const paul = await makeToken(small.url, boss, ['*'], { username: 'paul' });
      const statuses: number[] = [];
      for (const id of ['a', 'b', 'c']) statuses.push((await paul.call('POST', '/container_registry', { body: newRecord(id) })).status);
      for (const id of ['d', 'e', 'f']) statuses.push((await boss.call('POST', '/container_registry', { body: newRecord(id) })).status);
      expect(statuses).toEqual([201, 201, 403, 201, 201, 201]);
    } finally {
      await small.stop();
    }
  });
});
