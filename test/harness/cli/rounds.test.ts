import { describe, expect, it } from 'vitest';
import { measure } from '../../../harness/cli/bench/rounds.ts';

describe('measure', () => {
  it('lets reference and subject take turns, equally often, and awaits both', async () => {
    const turns: string[] = [];
    let busy = false;
    const side = (name: string) => async (count: number) => {
      expect(busy).toBe(false);
      busy = true;
      for (let i = 0; i < count; i++) await null;
      turns.push(name);
      busy = false;
    };
    const contest = { name: 'c', subject: side('s'), against: 'r', reference: side('r') };
    const row = await measure(contest, { rounds: 5, duration: 2 });
    expect(turns.slice(-10).join('')).toBe('rsrsrsrsrs');
    expect(row).toMatchObject({ name: 'c', reference: 'r' });
    expect(row.ratio).toBe(row.perSecond / row.referencePerSecond);
  });

  it('fails with its operation', async () => {
    const failing = () => {
      throw new Error('refused');
    };
    const contest = { name: 'c', subject: failing, against: 'r', reference: () => {} };
    await expect(measure({ ...contest, reference: failing }, { rounds: 5, duration: 1 })).rejects.toThrow('refused');
  });
});
