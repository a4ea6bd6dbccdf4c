/** Fixtures for test.extend of @playwright/test and of vitest: by shape, neither is needed here. */
import { type BrowserlessClient, type BrowserlessClientOptions, createBrowserlessClient } from './browserless.ts';
import type { ChosenKey, KeyChoice, WithLabKeyOptions, WithSecurityKeyOptions } from './choose-key.ts';
import { type PlaywrightContext, withSecurityKey } from './playwright.ts';

export interface SecurityKeyFixtures<O extends KeyChoice = WithSecurityKeyOptions> {
  /** What `test.use({ securityKeyOptions: ... })` sets. */
  securityKeyOptions: O;
  /** The key of all pages of the test's context; closed with the test. */
  securityKey: ChosenKey<O>;
}

type Use<T> = (value: T) => Promise<void>;

/** What test.extend takes for {@link SecurityKeyFixtures}. */
export interface PlaywrightFixtures<O extends KeyChoice> {
  securityKeyOptions: [O, { option: true }];
  securityKey: [
    (fixtures: { context: PlaywrightContext; securityKeyOptions: O }, use: Use<ChosenKey<O>>) => Promise<void>,
    { auto: true },
  ];
}

/**
 * `test.extend<SecurityKeyFixtures>(securityKeyFixtures())`: each test has a key of its own in its context, whether it
 * names it or not.
 * @param defaults as for {@link withSecurityKey}; a test changes them by `test.use({ securityKeyOptions })`
 */
export function securityKeyFixtures(defaults?: WithSecurityKeyOptions): PlaywrightFixtures<WithSecurityKeyOptions>;
export function securityKeyFixtures(defaults: WithLabKeyOptions): PlaywrightFixtures<WithLabKeyOptions>;
export function securityKeyFixtures<O extends KeyChoice>(defaults: O = {} as O): PlaywrightFixtures<O> {
  return {
    securityKeyOptions: [defaults, { option: true }],
    securityKey: [
      async ({ context, securityKeyOptions }, use) => {
        const key = await withSecurityKey(context, securityKeyOptions);
        try {
          await use(key);
        } finally {
          // One that the options brought along is closed by whoever made it.
          if (typeof securityKeyOptions.key !== 'object') await key.close();
        }
      },
      { auto: true },
    ],
  };
}

export interface BrowserlessFixtures {
  /** A client with a fresh key; closed with the test. */
  passkeyClient: BrowserlessClient;
}

/** `test.extend(browserlessFixtures({ origin: 'https://example.com' }))`, for vitest and @playwright/test alike. */
export function browserlessFixtures(options: BrowserlessClientOptions): {
  // biome-ignore lint/complexity/noBannedTypes: no fixture is taken, which both runners read off the empty pattern
  passkeyClient: (fixtures: {}, use: Use<BrowserlessClient>) => Promise<void>;
} {
  return {
    // biome-ignore lint/correctness/noEmptyPattern: both runners read off it which fixtures are taken
    passkeyClient: async ({}, use) => {
      const client = await createBrowserlessClient(options);
      try {
        await use(client);
      } finally {
        await client.close();
      }
    },
  };
}
