/** What makeCredential and getAssertion do about pinUvAuthParam: CTAP 2.3 §6.1.2 steps 1, 2, 11; §6.2.2 steps 1, 2, 6. */
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import type { CborMap } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Flag } from '../../../ctap/flags.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import type { PinUvAuthToken } from '../../client/pin-uv-auth-token.ts';
import {
  assertion,
  CLIENT_DATA_HASH,
  descriptor,
  getAssertionParameters,
  makeCredentialParameters,
  paramsOf,
  type Registration,
  RP_ID,
  register,
} from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { untouched } from '../touch.ts';
import { kebab } from './parameters.ts';

const OTHER_RP_ID = 'other.conformance.ctaplab.example';
const OTHER_HASH = CLIENT_DATA_HASH.map((byte) => byte ^ 0xff);
/** Since CTAP 2.1 tokens have permissions and RP IDs, and end with the operation that they were for. */
const PERMISSIONS: Needs = { options: ['pinUvAuthToken'] };

/** What a request brings for its authorization, in place of what would be right. */
interface Authorization {
  readonly pinUvAuthParam?: Uint8Array | undefined;
  readonly pinUvAuthProtocol?: number | undefined;
  readonly options?: Record<string, boolean>;
}

interface Ceremony {
  readonly name: string;
  readonly command: number;
  readonly section: string;
  readonly permission: number;
  readonly otherPermission: number;
  /** Touches of one whole ceremony. */
  readonly touches: number;
  /** A request with that authorization. */
  readonly parameters: (key: Subject, made: Registration, given: Authorization) => Promise<CborMap>;
}

const ceremonies: readonly Ceremony[] = [
  {
    name: 'makeCredential',
    command: Command.authenticatorMakeCredential,
    section: 'CTAP 2.3 §6.1.2',
    permission: Permission.makeCredential,
    otherPermission: Permission.getAssertion,
    touches: 1,
    parameters: (key, _, given) => makeCredentialParameters(key, given),
  },
  {
    name: 'getAssertion',
    command: Command.authenticatorGetAssertion,
    section: 'CTAP 2.3 §6.2.2',
    permission: Permission.getAssertion,
    otherPermission: Permission.makeCredential,
    touches: 2,
    parameters: (key, made, given) => getAssertionParameters(key, { allowList: [descriptor(made)], ...given }),
  },
];

function authorizing(token: PinUvAuthToken, message = CLIENT_DATA_HASH): Authorization {
  return paramsOf(token, message);
}

function ofCeremony(ceremony: Ceremony): Check[] {
  const { name, command, section, permission, otherPermission, touches, parameters } = ceremony;

  /** A check that a request whose authorization is made so is answered so. */
  const answers = (
    id: string,
    statement: string,
    fault: string,
    needs: Needs,
    status: StatusName,
    authorize: (key: Subject, made: Registration) => Promise<Authorization>,
  ): Check => ({
    id: `${name}.${id}`,
    section,
    statement,
    needs: { pin: true, touches, ...needs },
    faults: [`${kebab(name)}-${fault}`],
    async run(key) {
      const made = await register(key);
      const authorization = await authorize(key, made);
      expectStatus(await key.request(command, await parameters(key, made, authorization)), status);
    },
  });

  const uvFlagBy = (protocol: 1 | 2): Check => ({
    id: `${name}.pinUvAuthParam.uvFlag.protocol${protocol}`,
    section,
    statement: `The flag UV is set where a token by protocol ${protocol} vouches for the user.`,
    needs: { pin: true, protocols: [protocol], touches },
    faults: [`${kebab(name)}-no-uv-flag-by-protocol-${protocol}`],
    async run(key) {
      const made = await register(key);
      const { pin } = key.bench;
      const token = await key.pinBy(protocol).getPinUvAuthToken({ pin, permissions: permission, rpId: RP_ID });
      const answer = await key.accepted(command, await parameters(key, made, authorizing(token)));
      const authData = answer.get(0x02);
      expect(authData instanceof Uint8Array, 'authData in the answer');
      const { flags } = decodeAuthenticatorData(authData);
      expect((flags & Flag.UV) !== 0, 'the flag UV set', flags);
    },
  });

  return [
    answers(
      'pinUvAuthProtocol.absent',
      'A pinUvAuthParam without pinUvAuthProtocol is refused as a parameter missing.',
      'takes-param-without-protocol',
      {},
      'CTAP2_ERR_MISSING_PARAMETER',
      async (key) => ({
        pinUvAuthParam: authorizing(await key.token(permission, RP_ID)).pinUvAuthParam,
        pinUvAuthProtocol: undefined,
      }),
    ),
    answers(
      'pinUvAuthProtocol.unsupported',
      'A pinUvAuthProtocol that getInfo does not list is refused as an invalid parameter.',
      'takes-unknown-protocol',
      {},
      'CTAP1_ERR_INVALID_PARAMETER',
      async (key) => ({ ...authorizing(await key.token(permission, RP_ID)), pinUvAuthProtocol: 9 }),
    ),
    answers(
      'pinUvAuthParam.zeros',
      'A pinUvAuthParam of zeros is refused.',
      'takes-param-of-zeros',
      {},
      'CTAP2_ERR_PIN_AUTH_INVALID',
      async (key) => {
        const { pinUvAuthParam, pinUvAuthProtocol } = authorizing(await key.token(permission, RP_ID));
        return { pinUvAuthParam: new Uint8Array(pinUvAuthParam?.length ?? 0), pinUvAuthProtocol };
      },
    ),
    answers(
      'pinUvAuthParam.truncated',
      'By protocol 2 the first 16 bytes of a pinUvAuthParam are not enough.',
      'takes-truncated-param',
      { protocols: [2] },
      'CTAP2_ERR_PIN_AUTH_INVALID',
      async (key) => {
        const { pin } = key.bench;
        const token = await key.pinBy(2).getPinUvAuthToken({ pin, permissions: permission, rpId: RP_ID });
        return { pinUvAuthParam: token.authenticate(CLIENT_DATA_HASH).slice(0, 16), pinUvAuthProtocol: 2 };
      },
    ),
    answers(
      'pinUvAuthParam.otherHash',
      'A pinUvAuthParam that authenticates another clientDataHash is refused.',
      'takes-param-of-earlier-request',
      PERMISSIONS,
      'CTAP2_ERR_PIN_AUTH_INVALID',
      async (key, made) => {
        const both = Permission.makeCredential | Permission.getAssertion;
        const authorization = authorizing(await key.token(both, RP_ID), OTHER_HASH);
        // without presence the token is not spent
        const options = { up: false };
        await assertion(key, {
          allowList: [descriptor(made)],
          options,
          clientDataHash: OTHER_HASH,
          ...authorization,
        });
        return authorization;
      },
    ),
    answers(
      'pinUvAuthParam.permission',
      'A token without the permission is refused.',
      'takes-token-without-permission',
      PERMISSIONS,
      'CTAP2_ERR_PIN_AUTH_INVALID',
      async (key) => authorizing(await key.token(otherPermission, RP_ID)),
    ),
    answers(
      'pinUvAuthParam.otherRp',
      'A token that is bound to another RP ID is refused.',
      'takes-token-of-other-rp',
      PERMISSIONS,
      'CTAP2_ERR_PIN_AUTH_INVALID',
      async (key) => authorizing(await key.token(permission, OTHER_RP_ID)),
    ),
    answers(
      'pinUvAuthParam.spent',
      'A token that an operation with presence has used up is refused.',
      'takes-spent-token',
      { ...PERMISSIONS, touches: touches + 1 },
      'CTAP2_ERR_PIN_AUTH_INVALID',
      async (key, made) => {
        const authorization = authorizing(await key.token(permission, RP_ID));
        await key.accepted(command, await parameters(key, made, authorization));
        return authorization;
      },
    ),
    answers(
      'pinUvAuthParam.empty.pin',
      'An empty pinUvAuthParam is answered, after a touch, as a wrong PIN where a PIN is set.',
      'empty-param-as-wrong-param',
      {},
      'CTAP2_ERR_PIN_INVALID',
      async () => ({ pinUvAuthParam: new Uint8Array(0), pinUvAuthProtocol: 1 }),
    ),
    answers(
      'pinUvAuthParam.empty.noPin',
      'An empty pinUvAuthParam is answered, after a touch, as a PIN that is not set where none is.',
      'empty-param-as-wrong-pin',
      { pin: false, options: ['clientPin'] },
      'CTAP2_ERR_PIN_NOT_SET',
      async () => ({ pinUvAuthParam: new Uint8Array(0), pinUvAuthProtocol: 1 }),
    ),
    answers(
      'options.uv.withParam',
      'Beside a pinUvAuthParam the option uv means nothing.',
      'minds-uv-beside-param',
      {},
      'CTAP2_OK',
      async (key) => ({ ...authorizing(await key.token(permission, RP_ID)), options: { uv: true } }),
    ),
    {
      id: `${name}.pinUvAuthParam.empty.touch`,
      section,
      statement: 'An empty pinUvAuthParam makes the key ask for a touch: the user says which key is meant.',
      needs: { carrier: 'hid', options: ['clientPin'], touches: touches - 1 },
      faults: [`${kebab(name)}-empty-param-without-touch`],
      async run(key) {
        const given = { pinUvAuthParam: new Uint8Array(0), pinUvAuthProtocol: 1 };
        const { asked } = await untouched(key, command, await parameters(key, await register(key), given));
        expect(asked, 'a keepalive that asks for a touch');
      },
    },
    uvFlagBy(1),
    uvFlagBy(2),
  ];
}

export const pinUvAuthParamChecks: CheckGroup = { name: 'pinUvAuthParam', checks: ceremonies.flatMap(ofCeremony) };
