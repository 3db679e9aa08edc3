import { openAuthenticator } from '../../../src/auth/authenticator.ts';
import { anonymousPrincipal, permissionsOfRole } from '../../../src/auth/permissions.ts';
import type { AuditEntry } from '../../../src/core/audit.ts';
import { AppError, type ErrorCode } from '../../../src/core/errors.ts';
import type { Principal } from '../../../src/core/principal.ts';
import { createDenials } from '../../../src/http/denials.ts';
import { createGate, type Asking, type GateOptions } from '../../../src/http/gate.ts';
import { createRateLimit } from '../../../src/http/rate-limit.ts';
import type { RouteDefinition } from '../../../src/http/route.ts';

const ann: Principal = { kind: 'user', user: 'ann', role: 'user', groups: [], credentialId: 's1', permissions: permissionsOfRole.user };
const annsToken: Principal = { ...ann, kind: 'token', credentialId: 't1' };
const anonymous = anonymousPrincipal(false);

const route = (action: RouteDefinition['action'], more: Partial<RouteDefinition> = {}): RouteDefinition => ({
  method: 'GET', path: '/container_registry/{id}', action, operationId: 'x', summary: 'x', parameters: [], answers: {}, errors: [], handle: async () => ({ status: 200, contentType: '', body: '' }), ...more,
});

const asking = (more: Partial<Asking> = {}): Asking => ({
  route: route('record:read'), params: { id: 'edge-7' }, authorization: undefined, address: '192.0.2.1', requestId: 'r1', isSecure: false, ...more,
});

/** Knows `Bearer ann` at once, `Bearer later` after a look, and nobody else. */
function authenticatorOf(): GateOptions['authenticator'] & { looks: number } {
  return {
    looks: 0,
    nobody: anonymous,
    recall: (authorization) => (authorization === undefined ? anonymous : authorization === 'Bearer ann' ? ann : null),
    async authenticate(authorization) {
      this.looks++;
      if (authorization === 'Bearer later') return annsToken;
      throw new AppError('TOKEN_REJECTED');
    },
  };
}

interface Set {
  readonly enter: (more?: Partial<Asking>, head?: string[]) => Promise<string>;
  readonly noted: AuditEntry[];
  readonly authenticator: ReturnType<typeof authenticatorOf>;
}

let nowMs = 0;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
beforeEach(() => (nowMs = 1_000));

/** What comes of a request: the name of who is let in, or the code of the refusal. */
function gateOf({ limitPerMinute = 0, ...options }: Partial<GateOptions> & { limitPerMinute?: number } = {}): Set {
  const authenticator = authenticatorOf();
  const noted: AuditEntry[] = [];
  const gate = createGate({
    authenticator,
    rateLimit: createRateLimit(limitPerMinute, clock),
    denials: createDenials((entry) => void noted.push(entry), clock),
    secretsOverHttp: false,
    ...options,
  });
  const enter: Set['enter'] = async (more, head = []) => {
    try {
      const { principal } = await gate.enter(asking(more), head);
      return principal.user ?? principal.kind;
    } catch (error) {
      return (error as AppError).code;
    }
  };
  return { enter, noted, authenticator };
}

describe('who is let in', () => {
  it.each<[string, Partial<Asking>, string]>([
    ['a known user', { authorization: 'Bearer ann' }, 'ann'],
    ['a token that has to be looked up', { authorization: 'Bearer later' }, 'ann'],
    ['nobody, where somebody is needed', {}, 'AUTHENTICATION_REQUIRED'],
    ['nobody, where anybody may', { route: route('anybody') }, 'anonymous'],
    ['nobody, where it is open', { route: route('open') }, 'anonymous'],
    ['a wrong token', { authorization: 'Bearer x' }, 'TOKEN_REJECTED'],
    ['a wrong token, where anybody may', { route: route('anybody'), authorization: 'Bearer x' }, 'TOKEN_REJECTED'],
    ['a wrong token, where it is open', { route: route('open'), authorization: 'Bearer x' }, 'anonymous'],
    ['a user, where it is open: nobody is asked', { route: route('open'), authorization: 'Bearer ann' }, 'anonymous'],
    ['a user without the permission', { route: route('record:create'), authorization: 'Bearer ann' }, 'FORBIDDEN'],
    ['a user with the other permission that is enough', { route: route('user:read', { alsoBy: 'account:read' }), authorization: 'Bearer ann' }, 'ann'],
  ])('%s', async (_who, more, outcome) => {
    expect(await gateOf().enter(more)).toBe(outcome);
  });

  it('everybody, where nobody has to log in, whatever they send', async () => {
    const { enter } = gateOf({ authenticator: openAuthenticator });
    expect([await enter({ route: route('secret:rotate') }), await enter({ authorization: 'Bearer x' }), await enter({ authorization: 'Basic x' })]).toEqual(['local', 'local', 'local']);
  });

  it('a known one without waiting', () => {
    const authenticator = authenticatorOf();
    const gate = createGate({ authenticator, rateLimit: createRateLimit(0, clock), denials: { note: () => undefined }, secretsOverHttp: true });
    expect(gate.enter(asking({ authorization: 'Bearer ann' }), [])).toEqual({ principal: ann, address: '192.0.2.1', requestId: 'r1' });
    expect(authenticator.looks).toBe(0);
  });
});

describe('secrets', () => {
  const login = route('open', { secret: true });

  it('are not taken in the clear, unless only this machine hears them or the operator says so', async () => {
    expect(await gateOf().enter({ route: login })).toBe('INSECURE_TRANSPORT');
    expect(await gateOf().enter({ route: login, isSecure: true })).toBe('anonymous');
    expect(await gateOf({ secretsOverHttp: true }).enter({ route: login })).toBe('anonymous');
  });

  it('are refused where nobody has to log in, too', async () => {
    expect(await gateOf({ authenticator: openAuthenticator }).enter({ route: login })).toBe('INSECURE_TRANSPORT');
  });
});

describe('counting', () => {
  const times = async (count: number, work: () => Promise<string>): Promise<string[]> => {
    const outcomes = [];
    for (let n = 0; n < count; n++) outcomes.push(await work());
    return outcomes;
  };

  it('goes to the user, whether by session or token and from wherever', async () => {
    const { enter } = gateOf({ limitPerMinute: 2 });
    expect(await enter({ authorization: 'Bearer ann', address: '192.0.2.1' })).toBe('ann');
    expect(await enter({ authorization: 'Bearer later', address: '192.0.2.2' })).toBe('ann');
    expect(await enter({ authorization: 'Bearer ann', address: '192.0.2.3' })).toBe('RATE_LIMITED');
    expect(await enter({ address: '192.0.2.1', route: route('open') })).toBe('anonymous');
  });

  it('abuse 37: wrong tokens go to the address, and beyond its limit nothing is looked up any more, though known users go on', async () => {
    const { enter, authenticator } = gateOf({ limitPerMinute: 3 });
    let n = 0;
    expect(await times(5, () => enter({ authorization: `Bearer guess-${n++}` }))).toEqual(['TOKEN_REJECTED', 'TOKEN_REJECTED', 'TOKEN_REJECTED', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(authenticator.looks).toBe(3);
    expect(await enter({ authorization: 'Bearer ann' })).toBe('ann');
    expect(await enter({ authorization: 'Bearer guess', address: '192.0.2.9' })).toBe('TOKEN_REJECTED');
  });

  it('an IPv6 network of a customer is one address', async () => {
    const { enter } = gateOf({ limitPerMinute: 1 });
    const open = route('open');
    expect(await enter({ route: open, address: '2001:db8:1:200::1' })).toBe('anonymous');
    expect(await enter({ route: open, address: '2001:db8:1:2ff::2' })).toBe('RATE_LIMITED');
    expect(await enter({ route: open, address: '2001:db8:1:300::1' })).toBe('anonymous');
  });

  it('begins anew each minute, and tells what is left with every answer', async () => {
    const { enter } = gateOf({ limitPerMinute: 2 });
    const seen: string[] = [];
    for (const passMs of [0, 0, 0, 60_000]) {
      nowMs += passMs;
      const head: string[] = [];
      await enter({ route: route('open') }, head);
      seen.push(head.join(' '));
    }
    expect(seen.map((head) => /remaining=(\d+)/.exec(head)?.[1])).toEqual(['1', '0', '0', '1']);
    expect(seen[0]).toContain('RateLimit-Policy 2;w=60');
  });

  it('tells what is left with a refusal of a token, too', async () => {
    const head: string[] = [];
    expect(await gateOf({ limitPerMinute: 5 }).enter({ authorization: 'Bearer x' }, head)).toBe('TOKEN_REJECTED');
    expect(head).toContain('RateLimit');
  });
});

describe('the audit is told', () => {
  const told = async (more: Partial<Asking>): Promise<Partial<AuditEntry>[]> => {
    const { enter, noted } = gateOf();
    await enter(more);
    return noted.map(({ who, from, action, record, target, outcome, code }) => ({ who, from, action, record, target, outcome, code }));
  };
  const common = { from: '192.0.2.1', outcome: 'denied' };

  it.each<[string, Partial<Asking>, { who: string; action: string; record: string | null; target: string | null; code: ErrorCode }]>([
    ['a token that is refused', { authorization: 'Bearer x' }, { who: 'anonymous', action: 'record:read', record: 'edge-7', target: null, code: 'TOKEN_REJECTED' }],
    ['what somebody may not do', { authorization: 'Bearer ann', route: route('record:delete') }, { who: 'user:ann', action: 'record:delete', record: 'edge-7', target: null, code: 'FORBIDDEN' }],
    ['by whose token', { authorization: 'Bearer later', route: route('record:delete') }, { who: 'token:t1', action: 'record:delete', record: 'edge-7', target: null, code: 'FORBIDDEN' }],
    ['to which account', { authorization: 'Bearer ann', route: route('user:write', { path: '/api/v1/users/{name}' }), params: { name: 'bob' } }, { who: 'user:ann', action: 'user:write', record: null, target: 'bob', code: 'FORBIDDEN' }],
    ['a secret sent in the clear', { route: route('open', { secret: true, path: '/api/v1/auth/login' }), params: {} }, { who: 'anonymous', action: 'session:use', record: null, target: null, code: 'INSECURE_TRANSPORT' }],
  ])('%s', async (_what, more, entry) => {
    expect(await told(more)).toEqual([{ ...common, ...entry }]);
  });

  it('not of who has merely not logged in, nor of what is let pass', async () => {
    expect([...(await told({})), ...(await told({ authorization: 'Bearer ann' }))]).toEqual([]);
  });
});
