/** Faults of keys whose pinUvAuthTokens live too long, or not long enough. */
import { Command } from '../../ctap/commands/index.ts';
import { seen } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { type TokenUse, tokenFault } from './token-faults.ts';

const GET = Command.authenticatorGetAssertion;
const MAKE = Command.authenticatorMakeCredential;
const commands = [
  MAKE,
  GET,
  Command.authenticatorCredentialManagement,
  Command.authenticatorBioEnrollment,
  Command.authenticatorLargeBlobs,
  Command.authenticatorConfig,
];
/** Milliseconds. */
const INITIAL_USAGE_TIME_LIMIT = 30_000;
const INITIAL_USAGE_TIME_LIMIT_NFC = 19_800;
const MAX_USAGE_TIME_PERIOD = 600_000;
const PIN_UV_AUTH_PARAM = 0x08;

/** A token that nothing but the one thing that a fault forgets has ended. */
const isWhole = ({ token, latest, length }: TokenUse) => token !== undefined && latest && length === 'whole';
const isCurrent = (use: TokenUse) => isWhole(use) && use.token?.endedBy === undefined && !use.powerCycled;
const isUnused = ({ token }: TokenUse) => token?.uses === 0;

export const tokenLifeFaults: readonly Fault[] = [
  tokenFault({
    id: 'token-lives-unused',
    summary: 'takes tokens that were not used in their first half minute',
    commands,
    when: (use) => isCurrent(use) && isUnused(use) && use.age >= INITIAL_USAGE_TIME_LIMIT,
  }),
  tokenFault({
    id: 'token-lives-unused-over-nfc',
    summary: 'takes tokens over NFC that were not used in their first 20 seconds',
    commands,
    when: (use) =>
      isCurrent(use) && isUnused(use) && use.age >= INITIAL_USAGE_TIME_LIMIT_NFC && use.age < INITIAL_USAGE_TIME_LIMIT,
  }),
  tokenFault({
    id: 'token-never-grows-old',
    summary: 'takes tokens that are older than ten minutes, where they are used again and again',
    commands,
    when: (use) =>
      isCurrent(use) && !isUnused(use) && use.token?.spentBy === undefined && use.age >= MAX_USAGE_TIME_PERIOD,
  }),
  tokenFault({
    id: 'token-survives-power-cycle',
    summary: 'takes tokens of before a power cycle',
    commands,
    when: (use) => isWhole(use) && use.powerCycled && use.token?.persistent === false,
  }),
  tokenFault({
    id: 'token-outlives-one-of-the-other-protocol',
    summary: 'has a token in use for each PIN/UV auth protocol',
    commands,
    when: ({ token, latest, later, length }) =>
      token !== undefined && !latest && length === 'whole' && token.protocol !== later.at(-1)?.protocol,
  }),
  tokenFault({
    id: 'change-pin-leaves-token',
    summary: 'takes tokens that a PIN gave which has been changed since',
    commands,
    when: (use) => isWhole(use) && use.token?.endedBy === 'changePIN' && !use.token.persistent,
  }),
  tokenFault({
    id: 'force-change-pin-leaves-token',
    summary: 'takes tokens that a PIN gave which has to be changed since',
    commands,
    when: (use) => isWhole(use) && use.token?.endedBy === 'setMinPINLength' && !use.token.persistent,
  }),
  tokenFault({
    id: 'silent-assertion-spends-token',
    summary: 'takes no token for an assertion after another one without user presence',
    commands: [GET],
    when: ({ token, age }) => token?.usedSilently === true && age < INITIAL_USAGE_TIME_LIMIT_NFC,
    status: 'CTAP2_ERR_PIN_AUTH_INVALID',
    instead: ['CTAP2_OK', 'CTAP2_ERR_NO_CREDENTIALS'],
  }),
  {
    id: 'user-present-after-a-pin',
    summary: 'asks for no touch at makeCredential where a PIN gave the token',
    commands: [MAKE],
    install: ({ authenticator: { token } }) => {
      let isAuthorized = false;
      return {
        cbor: (bytes, next) => {
          const param = seen(bytes).parameters.get(PIN_UV_AUTH_PARAM);
          isAuthorized = param instanceof Uint8Array && param.length > 0;
          return next(bytes);
        },
        present: ({ operation }) => operation === 'makeCredential' && isAuthorized && !token.byUv,
      };
    },
  },
  {
    id: 'user-present-for-ever-after-a-finger',
    summary: 'asks for no touch at makeCredential however long ago a finger gave the token',
    commands: [MAKE],
    install: ({ authenticator: { token } }) => ({
      present: ({ operation }) => operation === 'makeCredential' && token.byUv && !token.userPresent,
    }),
  },
];
