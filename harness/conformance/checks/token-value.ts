/** What a pinUvAuthToken is made of, and how it is encrypted: CTAP 2.3 §6.5.6, §6.5.7. */
import { equalBytes } from '../../../ctap/bytes.ts';
import { clientPinResponse } from '../../../ctap/commands/client-pin.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect } from '../expect.ts';
import { tokenParameters } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { unlessMcGaByPin } from '../token-commands.ts';

const IV_LENGTH = 16;
const lengths = { 1: [16, 32], 2: [32] } as const;

interface Sealed {
  /** As it came. */
  readonly sealed: Uint8Array;
  /** Undefined where it is no whole blocks. */
  readonly token: Uint8Array | undefined;
}

/** Two tokens for the same request, under the same shared secret: some keys answer well but the first time. */
async function twice(key: Subject, protocol: 1 | 2): Promise<readonly [Sealed, Sealed]> {
  const client = key.pinBy(protocol);
  const { parameters, secret } = await tokenParameters(key, 'getPinUvAuthTokenUsingPinWithPermissions', { client });
  const one = async (): Promise<Sealed> => {
    const answer = await key.accepted(Command.authenticatorClientPIN, parameters);
    const { pinUvAuthToken } = clientPinResponse.decode(answer, 'authenticatorClientPIN response');
    expect(pinUvAuthToken !== undefined, 'a pinUvAuthToken', 'none');
    return { sealed: pinUvAuthToken, token: secret.protocol.decrypt(secret.sharedSecret, pinUvAuthToken) };
  };
  return [await one(), await one()];
}

function needsOf(protocol: 1 | 2): Needs {
  return { pin: true, options: ['pinUvAuthToken'], protocols: [protocol], unless: unlessMcGaByPin };
}

function ofProtocol(protocol: 1 | 2): Check[] {
  const name = protocol === 1 ? 'one' : 'two';
  const section = `CTAP 2.3 §6.5.${protocol === 1 ? 6 : 7}`;
  const allowed: readonly number[] = lengths[protocol];
  return [
    {
      id: `token.value.${name}.length`,
      section,
      statement: `A token of PIN/UV auth protocol ${name} has ${allowed.join(' or ')} bytes.`,
      needs: needsOf(protocol),
      faults: [`token-${name}-of-other-length`],
      async run(key) {
        for (const { token } of await twice(key, protocol)) {
          expect(allowed.includes(token?.length ?? -1), `a token of ${allowed.join(' or ')} bytes`, token?.length);
        }
      },
    },
    {
      id: `token.value.${name}.fresh`,
      section: `CTAP 2.3 §6.5.5.7.2, ${section.slice('CTAP 2.3 '.length)}`,
      statement: `Each request gives another token of PIN/UV auth protocol ${name}.`,
      needs: needsOf(protocol),
      faults: [`token-${name}-given-twice`],
      async run(key) {
        const [first, second] = await twice(key, protocol);
        const same = first.token && second.token && equalBytes(first.token, second.token);
        expect(!same, 'another token');
      },
    },
  ];
}

export const tokenValueChecks: CheckGroup = {
  name: 'pinUvAuthToken bytes',
  checks: [
    ...ofProtocol(1),
    ...ofProtocol(2),
    {
      id: 'token.value.two.iv',
      section: 'CTAP 2.3 §6.5.7',
      statement: 'Each token of PIN/UV auth protocol two is encrypted with an initialization vector of its own.',
      needs: needsOf(2),
      faults: ['token-two-with-the-same-iv'],
      async run(key) {
        const [first, second] = (await twice(key, 2)).map(({ sealed }) => sealed.subarray(0, IV_LENGTH));
        expect(!equalBytes(first!, second!), 'another initialization vector', second);
      },
    },
  ],
};
