import { setTimeout as delay } from 'node:timers/promises';
import { useOwnProcess } from '../support/own-process.ts';
import { call, newRecord } from '../support/requests.ts';

const { start } = useOwnProcess();

describe('kill -9', () => {
  it('abuse 32: twenty times during acknowledged writes loses none of them', async () => {
    const acknowledged = new Set<string>();
    let increments = { sent: 0, acknowledged: 0 };
    let service = await start();
    expect((await call(service.url, 'POST', '/container_registry', { body: newRecord('counter', { container_registry_metadata: { n: 0 } }) })).status).toBe(201);

    for (let round = 0; round < 20; round++) {
      const { url, kill } = service;
      let running = true;
      const create = async (client: number): Promise<void> => {
        for (let n = 0; running; n++) {
          const id = `r${round}-c${client}-${n}`;
          const reply = await call(url, 'POST', '/container_registry', { body: newRecord(id) });
          if (reply.status === 201) acknowledged.add(id);
        }
      };
      const increment = async (): Promise<void> => {
        while (running) {
          increments.sent++;
          const reply = await call(url, 'PUT', '/container_registry/counter', { body: { $inc: { 'container_registry_metadata.n': 1 } } });
          if (reply.status === 200) increments.acknowledged++;
        }
      };
      // The kill breaks off whatever is under way; that was never acknowledged.
      const clients = [create(0), create(1), create(2), increment()].map((work) => work.catch(() => undefined));
      await delay(150 + Math.random() * 200);
      await kill();
      running = false;
      await Promise.all(clients);

      service = await start();
      const stored = (await call(service.url, 'GET', '/container_registries')).body.data as { container_registry_id: string; container_registry_metadata: { n: number } }[];
      const ids = new Set(stored.map(({ container_registry_id: id }) => id));
      expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
      expect(ids.size).toBe(stored.length);
      const { n } = stored.find(({ container_registry_id: id }) => id === 'counter')!.container_registry_metadata;
      expect(n).toBeGreaterThanOrEqual(increments.acknowledged);
      expect(n).toBeLessThanOrEqual(increments.sent);
      // What was under way when the process died may or may not be there; from here on it is what it is.
      increments = { sent: n, acknowledged: n };
    }
    expect(acknowledged.size).toBeGreaterThan(200);
  }, 180_000);
});
