import { observe } from '../../../src/health/verdict.ts';
import { initialState, parseState, type WatchState } from '../../../src/health/watch-state.ts';
import { defaultSettings, EPOCH_MS, observation } from '../../support/observations.ts';

const see = (state: WatchState, ...[cause, atMs, change]: Parameters<typeof observation>) => observe(state, observation(cause, atMs, change), defaultSettings, 0.5);

describe('the credential that a registry accepted last', () => {
  it('is remembered with its time, through failures and rejections, until another one is accepted', () => {
    let { state } = see(initialState(EPOCH_MS), 'ok', EPOCH_MS, { acceptedCredential: 'first' });
    expect(state.credential).toEqual({ version: 'first', goodAtMs: EPOCH_MS });
    for (const cause of ['refused', 'credentials_expired', 'token_service_failed', 'auth_required'] as const) state = see(state, cause, EPOCH_MS + 1000).state;
    expect(state.credential).toEqual({ version: 'first', goodAtMs: EPOCH_MS });
    expect(see(state, 'ok', EPOCH_MS + 2000, { acceptedCredential: 'second' }).state.credential).toEqual({ version: 'second', goodAtMs: EPOCH_MS + 2000 });
  });

  it('belongs to the registry that accepted it', () => {
    const { state } = see(initialState(EPOCH_MS), 'ok', EPOCH_MS, { acceptedCredential: 'first' });
    expect(see(state, 'ok', EPOCH_MS + 1000, { url: 'https://other.example.com/v2/' }).state.credential).toBeNull();
  });

  it('is none in a state of a version that knew no credentials, whose verdict stands', () => {
    const { credential, ...older } = see(initialState(EPOCH_MS), 'ok', EPOCH_MS).state;
    expect(credential).toBeNull();
    expect(parseState(JSON.stringify(older), 0)).toEqual({ ...older, credential: null });
    expect(parseState(JSON.stringify({ ...older, credential: { version: 7 } }), 0).verdict).toBe('unknown');
  });

  it('shows in the cause at once, as does that of another registry', () => {
    const asked = see(initialState(EPOCH_MS), 'auth_required', EPOCH_MS).state;
    const accepted = see(asked, 'ok', EPOCH_MS + 30_000, { acceptedCredential: 'first' });
    expect([accepted.state.verdict, accepted.state.cause, accepted.changed]).toEqual(['up', 'ok', true]);
    const moved = see(accepted.state, 'auth_required', EPOCH_MS + 60_000, { url: 'https://other.example.com/v2/' });
    expect([moved.state.verdict, moved.state.cause]).toEqual(['up', 'auth_required']);
  });

  it('takes longer to be asked for than to be asked, which is not slowness', () => {
    let state = initialState(EPOCH_MS);
    for (let second = 0; second < 20; second++) state = see(state, 'auth_required', EPOCH_MS + second * 30_000, { totalMs: 10 }).state;
    for (let second = 20; second < 30; second++) state = see(state, 'ok', EPOCH_MS + second * 30_000, { totalMs: 900, acceptedCredential: 'first' }).state;
    expect([state.verdict, state.cause]).toEqual(['up', 'ok']);
  });
});

describe('a token that could not be had', () => {
  it('is tried again soon, before and after it shows', () => {
    const up = see(initialState(EPOCH_MS), 'ok', EPOCH_MS).state;
    const first = see(up, 'token_service_failed', EPOCH_MS + 30_000);
    const second = see(first.state, 'token_service_failed', EPOCH_MS + 32_000);
    const recovering = see(second.state, 'ok', EPOCH_MS + 64_000);
    expect([first, second, recovering].map(({ nextDelayMs }) => nextDelayMs <= 2000)).toEqual([true, false, true]);
  });
});
