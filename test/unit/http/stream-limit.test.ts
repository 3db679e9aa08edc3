import { createStreamLimit } from '../../../src/http/stream-limit.ts';

describe('streamed answers', () => {
  it('of one principal are so many at once, counted down as they end', () => {
    const streams = createStreamLimit(2);
    const [first] = [streams.begin('user:ann'), streams.begin('user:ann')];
    expect(() => streams.begin('user:ann')).toThrow(expect.objectContaining({ code: 'TOO_MANY_STREAMS' }));
    expect(() => streams.begin('user:bob')).not.toThrow();
    expect(() => streams.begin('address:192.0.2.1')).not.toThrow();
    first();
    expect(() => streams.begin('user:ann')).not.toThrow();
    expect(() => streams.begin('user:ann')).toThrow();
  });
});
