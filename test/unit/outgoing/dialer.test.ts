import { parseCidrs, type AddressPolicy } from '../../../src/outgoing/address-policy.ts';
import { codeOf, DialError } from '../../../src/outgoing/dial-error.ts';
import { createDialer, emptyTrace, type Dialer } from '../../../src/outgoing/dialer.ts';
import { createResolve, inTurn, type Lookup } from '../../../src/outgoing/resolve.ts';
import { limits } from '../../../src/core/limits.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { behaviours, startBadRegistry, type BadRegistry } from '../../support/bad-registry.ts';
import { startFullBacklog } from '../../support/full-backlog.ts';
import { eventually, openSockets } from '../../support/open-sockets.ts';

/** One address of loopback stands for the outside, all others are forbidden. */
const onlyFirst: AddressPolicy = { loopback: false, allow: parseCidrs('127.0.0.1'), deny: parseCidrs('0.0.0.0/0,::/0') };
const noLoopback: AddressPolicy = { loopback: false, allow: [], deny: [] };
const loopbackOnly: AddressPolicy = { loopback: false, allow: parseCidrs('127.0.0.0/8,::1/128'), deny: parseCidrs('0.0.0.0/0,::/0') };

const answering = (...addresses: string[]): Lookup => async () => addresses;

function dialerWith(policy: AddressPolicy, lookup?: Lookup): Dialer {
  return createDialer({ policy, clock: systemClock, ...(lookup === undefined ? {} : { lookup }) });
}

async function dialError(dialer: Dialer, url: string, signal = new AbortController().signal): Promise<DialError> {
  try {
    (await dialer.dial(new URL(url), { signal })).destroy();
  } catch (error) {
    if (error instanceof DialError) return error;
    throw error;
  }
  throw new Error(`${url} was dialled`);
}

let registry: BadRegistry;
let victim: BadRegistry;

beforeEach(async () => {
  registry = await startBadRegistry({ behaviour: behaviours.works });
  victim = await startBadRegistry({ behaviour: behaviours.works, host: '127.0.0.2', port: registry.port });
});

afterEach(async () => {
  await Promise.all([registry.close(), victim.close()]);
  expect(await eventually(() => openSockets().length === 0)).toBe(true);
});

/** Dials and hangs up; resolves to the address that answered. */
async function dialled(dialer: Dialer, url: string): Promise<string | undefined> {
  const socket = await dialer.dial(new URL(url), { signal: new AbortController().signal });
  const { remoteAddress } = socket;
  socket.destroy();
  return remoteAddress;
}

describe('dialer', () => {
  it.each(['127.0.0.1', 'localhost', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '0', '017700000001', '127.0.0.1.', '%31%32%37.0.0.1', '１２７.0.0.1'])(
    'abuse 1: blocks http://%s/ while Portolan is not bound to loopback, without a connection',
    async (host) => {
      const error = await dialError(dialerWith(noLoopback), `http://${host}:${registry.port}/`);
      expect(error).toMatchObject({ phase: 'policy', code: 'BLOCKED' });
      expect(registry.connections()).toBe(0);
    },
  );

  it.each(['[::ffff:127.0.0.1]', '[::7f00:1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[fe80::1]', '[::ffff:7f00:1]', '[::]', '[::1]'])(
    'abuse 2: blocks http://%s/ without a connection',
    async (host) => {
      const error = await dialError(dialerWith(noLoopback), `http://${host}:${registry.port}/`);
      expect(error).toMatchObject({ phase: 'policy', code: 'BLOCKED' });
      expect(registry.connections()).toBe(0);
    },
  );

  it('abuse 3: blocks names that resolve to metadata addresses, whatever the configuration', async () => {
    const open: AddressPolicy = { loopback: true, allow: parseCidrs('0.0.0.0/0,::/0'), deny: [] };
    const dialer = dialerWith(open, answering('169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16'));
    expect(await dialError(dialer, 'http://metadata.example/')).toMatchObject({ phase: 'policy', code: 'BLOCKED' });
  });

  it.each([
    ['forbidden first', ['127.0.0.2', '127.0.0.1']],
    ['forbidden last', ['127.0.0.1', '127.0.0.2']],
    ['many forbidden', ['127.0.0.2', '169.254.169.254', '127.0.0.3', 'fe80::1', '127.0.0.1', '10.0.0.1']],
  ])('abuse 4: of a name with allowed and forbidden addresses only the allowed is dialled: %s', async (_order, addresses) => {
    expect(await dialled(dialerWith(onlyFirst, answering(...addresses)), `http://mixed.example:${registry.port}/`)).toBe('127.0.0.1');
    expect([registry.connections(), victim.connections()]).toEqual([1, 0]);
  });

  it('abuse 4: a forbidden address is not tried when the allowed one does not answer', async () => {
    await registry.close();
    const error = await dialError(dialerWith(onlyFirst, answering('127.0.0.2', '127.0.0.1')), `http://mixed.example:${registry.port}/`);
    expect(error).toMatchObject({ phase: 'connect', code: 'ECONNREFUSED' });
    expect(victim.connections()).toBe(0);
  });

  it('abuse 4: a name that flips to a forbidden address between two lookups is looked up once and judged each time', async () => {
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    let lookups = 0;
    const dialer = dialerWith(onlyFirst, async () => answers[lookups++ % 2] ?? []);
    expect(await dialled(dialer, `http://flip.example:${registry.port}/`)).toBe('127.0.0.1');
    expect(lookups).toBe(1);
    expect(await dialError(dialer, `http://flip.example:${registry.port}/`)).toMatchObject({ code: 'BLOCKED' });
    expect([lookups, registry.connections(), victim.connections()]).toEqual([2, 1, 0]);
  });

  it('judges addresses in a URL without any lookup', async () => {
    const lookup: Lookup = () => Promise.reject(new Error('must not be asked'));
    expect(await dialError(dialerWith(onlyFirst, lookup), `http://127.0.0.2:${victim.port}/`)).toMatchObject({ code: 'BLOCKED' });
    expect(await dialled(dialerWith(onlyFirst, lookup), `http://127.0.0.1:${registry.port}/`)).toBe('127.0.0.1');
    expect(victim.connections()).toBe(0);
  });

  it.each(['file:///etc/passwd', 'data:text/plain,x', 'ftp://127.0.0.1/', 'gopher://127.0.0.1/', 'unix:/run/docker.sock', 'javascript:alert(1)', 'ws://127.0.0.1/'])(
    'abuse 6: refuses %s by its scheme',
    async (url) => {
      const dialer = dialerWith(loopbackOnly);
      expect(await dialError(dialer, url)).toMatchObject({ phase: 'policy', code: 'SCHEME' });
    },
  );

  it('says in a sentence what was refused and why', async () => {
    const literal = await dialError(dialerWith(noLoopback), 'http://2130706433/');
    expect(literal.message).toBe('127.0.0.1 is a loopback address, which is dialled only while Portolan itself is bound to loopback. Nothing was sent.');
    const name = await dialError(dialerWith(onlyFirst, answering('10.0.0.1')), 'http://inside.example/');
    expect(name.message).toBe('inside.example resolves to 10.0.0.1, which lies in 0.0.0.0/0, which PROBE_DENY_CIDRS forbids. Nothing was sent.');
  });

  it('goes on to the next address when one refuses', async () => {
    const dialer = dialerWith(loopbackOnly, answering('127.0.0.3', '127.0.0.4', '127.0.0.1'));
    expect(await dialled(dialer, `http://many.example:${registry.port}/`)).toBe('127.0.0.1');
  });

  it('dials the next address beside one that hangs, and lets go of the latter', async () => {
    const hanging = await startFullBacklog('127.0.0.5', registry.port);
    try {
      const trace = emptyTrace();
      const dialer = dialerWith(loopbackOnly, answering('127.0.0.5', '127.0.0.1'));
      const socket = await dialer.dial(new URL(`http://many.example:${registry.port}/`), { signal: new AbortController().signal, trace });
      expect(socket.remoteAddress).toBe('127.0.0.1');
      socket.destroy();
      expect(trace.connectMs).toBeGreaterThanOrEqual(limits.dialHeadStartMs - 10);
    } finally {
      await hanging.close();
    }
  });

  it('stops connecting when the signal aborts', async () => {
    const hanging = await startFullBacklog('127.0.0.5');
    try {
      const controller = new AbortController();
      const reason = new Error('called off');
      const dialling = dialerWith(loopbackOnly).dial(new URL(`http://127.0.0.5:${hanging.port}/`), { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 50);
      await expect(dialling).rejects.toBe(reason);
    } finally {
      await hanging.close();
    }
  });

  it('dials at most so many addresses of one name', async () => {
    await registry.close();
    const addresses = Array.from({ length: 50 }, (_, index) => `127.0.1.${index + 1}`);
    const error = await dialError(dialerWith(loopbackOnly, answering(...addresses)), `http://crowd.example:${registry.port}/`);
    expect(error.message.match(/127\.0\.1\.\d+/g)).toHaveLength(limits.dialAddressesMax);
  });

  it('reports the errors of resolvers as such', async () => {
    const failing: Lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(await dialError(dialerWith(loopbackOnly, failing), 'http://nowhere.example/')).toMatchObject({ phase: 'dns', code: 'ENOTFOUND' });
    expect(await dialError(dialerWith(loopbackOnly, answering()), 'http://empty.example/')).toMatchObject({ phase: 'dns', code: 'ENODATA' });
    expect(await dialError(dialerWith(loopbackOnly, answering('not an address')), 'http://odd.example/')).toMatchObject({ phase: 'policy' });
  });

  it('measures the phases that it went through, and no others', async () => {
    const trace = emptyTrace();
    const signal = new AbortController().signal;
    (await dialerWith(loopbackOnly, answering('127.0.0.1')).dial(new URL(`http://name.example:${registry.port}/`), { signal, trace })).destroy();
    expect(trace).toEqual({ dnsMs: expect.any(Number), connectMs: expect.any(Number), tlsMs: null, certificate: null });
  });

  it('takes no proxy from the environment', async () => {
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : victim.url;
    try {
      expect(await dialled(dialerWith(onlyFirst), registry.url)).toBe('127.0.0.1');
      expect([registry.connections(), victim.connections()]).toEqual([1, 0]);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
  });
});

describe('resolve', () => {
  const signal = new AbortController().signal;

  it('asks once for callers who want the same name at the same time, and anew for later ones', async () => {
    let lookups = 0;
    const resolve = createResolve(async () => {
      lookups += 1;
      return ['10.0.0.1'];
    });
    await Promise.all([resolve('a.example', signal), resolve('a.example', signal), resolve('b.example', signal)]);
    expect(lookups).toBe(2);
    await resolve('a.example', signal);
    expect(lookups).toBe(3);
  });

  it('leaves a lookup that hangs behind when the signal aborts, and bounds how many are left', async () => {
    const resolve = createResolve(() => new Promise(() => undefined));
    const controller = new AbortController();
    const reason = new Error('called off');
    const waiting = Array.from({ length: limits.dnsLookupsMax }, (_, index) => resolve(`${index}.example`, controller.signal));
    controller.abort(reason);
    for (const outcome of await Promise.allSettled(waiting)) expect(outcome).toMatchObject({ status: 'rejected', reason });
    await expect(resolve('one-more.example', signal)).rejects.toMatchObject({ phase: 'dns', code: 'EBUSY' });
  });

  it('tries families in turn, beginning with the resolver’s first', () => {
    expect(inTurn(['2001:db8::1', '2001:db8::2', '10.0.0.1'])).toEqual(['2001:db8::1', '10.0.0.1', '2001:db8::2']);
    expect(inTurn(['10.0.0.1', '2001:db8::1', '10.0.0.2', '10.0.0.3'])).toEqual(['10.0.0.1', '2001:db8::1', '10.0.0.2', '10.0.0.3']);
    expect(inTurn([])).toEqual([]);
  });

  it('resolves localhost by the system', async () => {
    const error = await dialError(dialerWith(noLoopback), 'http://localhost/');
    expect(codeOf(error)).toBe('BLOCKED');
  });
});
