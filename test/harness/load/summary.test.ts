import { describe, expect, it } from 'vitest';
import { summarize } from '../../../harness/load/summary.ts';

const record = { origin: 'https://example.com', users: 2, milliseconds: 2000 };

describe('the summary of a load', () => {
  it('has percentiles by nearest rank, of the turns that held', () => {
    const latencies = Array.from({ length: 200 }, (_, index) => 200 - index);
    const errors = new Map([
      ['seldom', 1],
      ['often', 3],
    ]);
    expect(summarize({ ...record, latencies, errors })).toEqual({
      origin: 'https://example.com',
      users: 2,
      seconds: 2,
      turns: 204,
      failed: 4,
      perSecond: 100,
      latency: { median: 100, p95: 190, p99: 198, max: 200 },
      errors: [
        { message: 'often', count: 3 },
        { message: 'seldom', count: 1 },
      ],
    });
  });

  it('has one turn be all of them, and none of none', () => {
    const one = summarize({ ...record, latencies: [7], errors: new Map() });
    expect(one.latency).toEqual({ median: 7, p95: 7, p99: 7, max: 7 });
    expect(summarize({ ...record, latencies: [], errors: new Map() })).not.toHaveProperty('latency');
  });
});
