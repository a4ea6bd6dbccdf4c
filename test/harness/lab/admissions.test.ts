import { describe, expect, it } from 'vitest';
import { Admissions } from '../../../harness/lab/with-key/admissions.ts';

const MINUTE = 60_000;

describe('who has a key in a page', () => {
  it('is a browser that came by a link, once, within ten minutes', () => {
    let now = 0;
    const admissions = new Admissions<never>(() => now);
    const link = admissions.link('2');
    const cookie = admissions.redeem(link);
    expect(admissions.browser(cookie)).toEqual({ keyId: '2' });
    expect(admissions.redeem(link)).toBeUndefined();
    const late = admissions.link('2');
    now = 10 * MINUTE;
    expect(admissions.redeem(late)).toBeUndefined();
    expect(admissions.browser('guessed')).toBeUndefined();
    expect(admissions.browser(undefined)).toBeUndefined();
  });

  it('is each of its pages for itself, for an hour', () => {
    let now = 0;
    const admissions = new Admissions<never>(() => now);
    const [one, two] = [admissions.admitPage({ keyId: '1' }), admissions.admitPage({ keyId: '1' })];
    expect(one).not.toBe(two);
    expect(admissions.page(one)?.keyId).toBe('1');
    expect(admissions.page(one)).not.toBe(admissions.page(two));
    now = 60 * MINUTE;
    expect(admissions.page(one)).toBeUndefined();
  });

  it('is no more than a thousand links: the oldest goes', () => {
    const admissions = new Admissions<never>();
    const first = admissions.link('1');
    for (let more = 0; more < 1000; more++) admissions.link('1');
    expect(admissions.redeem(first)).toBeUndefined();
  });
});
