/** The names of messages' members, and what lies inside them: the tables of ctap/commands, read by a tracer. */
import type { CborKey, CborMap } from '../cbor.ts';
import {
  AuthenticatorConfigSubcommand,
  authenticatorConfigRequest,
  authenticatorConfigResponse,
  setMinPINLengthParams,
  vendorPrototypeParams,
} from '../commands/authenticator-config.ts';
import {
  BioEnrollmentSubcommand,
  bioEnrollmentParams,
  bioEnrollmentRequest,
  bioEnrollmentResponse,
  templateInfo,
} from '../commands/bio-enrollment.ts';
import { ClientPinSubcommand, clientPinRequest, clientPinResponse } from '../commands/client-pin.ts';
import {
  CredentialManagementSubcommand,
  credentialManagementParams,
  credentialManagementRequest,
  credentialManagementResponse,
} from '../commands/credential-management.ts';
import { getAssertionRequest, getAssertionResponse } from '../commands/get-assertion.ts';
import { getInfoResponse } from '../commands/get-info.ts';
import { Command } from '../commands/index.ts';
import { largeBlobsRequest, largeBlobsResponse } from '../commands/large-blobs.ts';
import { makeCredentialRequest, makeCredentialResponse } from '../commands/make-credential.ts';
import { HMAC_SECRET, hmacSecretInput } from '../extensions/hmac-secret.ts';
import { HMAC_SECRET_MC } from '../extensions/hmac-secret-mc.ts';
import type { Message } from '../schema.ts';

/** The members of one map. */
export interface Shape {
  readonly names: ReadonlyMap<CborKey, string>;
  /** By the member's name. */
  readonly inside: Readonly<Record<string, Inside>>;
}

/**
 * What a member is beside plain: `secret` as it stands, `encrypted` under the shared secret, authenticator data, or a
 * map (or a list of such) of a shape that may depend on it and on the message around it.
 */
export type Inside =
  | 'secret'
  | 'encrypted'
  | 'authenticatorData'
  | Shape
  | ((value: CborMap, around: CborMap) => Shape | undefined);

interface Subcommands {
  readonly key: number;
  readonly names: ReadonlyMap<number, string>;
}

/** A command and its answer. */
export interface CommandShape {
  readonly request?: Shape;
  readonly response?: Shape;
  /** The member of the request that says which one. */
  readonly subcommand?: Subcommands;
  /** True where neither side carries a secret, so that what does not decode may be shown. */
  readonly open?: boolean;
}

type Members = Pick<Message<unknown>, 'members'>;

function shape({ members }: Members, inside: Shape['inside'] = {}): Shape {
  return { names: new Map(members.map(({ key, name }) => [key, name])), inside };
}

function textKeyed(inside: Shape['inside']): Shape {
  return { names: new Map(), inside };
}

/** COSE_Key: RFC 9052 §7.1; the names of negative labels depend on the key type (RFC 9053 §7, RFC 8230 §4). */
function coseKey(names: Readonly<Record<string, number>>): Shape {
  const all = Object.entries({ kty: 1, alg: 3, ...names });
  return { names: new Map(all.map(([name, key]) => [key, name])), inside: {} };
}

const CURVE_KEY = coseKey({ crv: -1, x: -2, y: -3 });
const RSA_KEY = coseKey({ n: -1, e: -2 });
const AKP_KEY = coseKey({ pub: -1 });
const KTY = 1;

/** The shape of a COSE key. */
export function coseKeyShape(key: CborMap): Shape {
  const kty = key.get(KTY);
  return kty === 3 ? RSA_KEY : kty === 7 ? AKP_KEY : CURVE_KEY;
}

const HMAC_INPUT = shape(hmacSecretInput, { keyAgreement: CURVE_KEY, saltEnc: 'encrypted', saltAuth: 'secret' });
const EXTENSION_INPUTS = textKeyed({ [HMAC_SECRET]: HMAC_INPUT, [HMAC_SECRET_MC]: HMAC_INPUT });
/** The extension outputs in authenticator data. */
export const EXTENSION_OUTPUTS: Shape = textKeyed({ [HMAC_SECRET]: 'encrypted', [HMAC_SECRET_MC]: 'encrypted' });

const auth = { pinUvAuthParam: 'secret' } as const;
const ceremony = { ...auth, extensions: EXTENSION_INPUTS } as const;
const ceremonyAnswer = { authData: 'authenticatorData', largeBlobKey: 'secret' } as const;

const ASSERTION = shape(getAssertionResponse, ceremonyAnswer);

const bioEnrollment: CommandShape = {
  request: shape(bioEnrollmentRequest, { ...auth, subCommandParams: shape(bioEnrollmentParams) }),
  response: shape(bioEnrollmentResponse, { templateInfos: shape(templateInfo) }),
  subcommand: subcommands(0x02, BioEnrollmentSubcommand),
};

const credentialManagement: CommandShape = {
  request: shape(credentialManagementRequest, { ...auth, subCommandParams: shape(credentialManagementParams) }),
  response: shape(credentialManagementResponse, { publicKey: coseKeyShape, largeBlobKey: 'secret' }),
  subcommand: subcommands(0x01, CredentialManagementSubcommand),
};

const CONFIG_PARAMS: Readonly<Record<number, Shape>> = {
  [AuthenticatorConfigSubcommand.setMinPINLength]: shape(setMinPINLengthParams),
  [AuthenticatorConfigSubcommand.vendorPrototype]: shape(vendorPrototypeParams),
};

function subcommands(key: number, codes: Readonly<Record<string, number>>): Subcommands {
  return { key, names: new Map(Object.entries(codes).map(([name, code]) => [code, name])) };
}

const SHAPES: ReadonlyMap<number, CommandShape> = new Map<number, CommandShape>([
  [
    Command.authenticatorMakeCredential,
    { request: shape(makeCredentialRequest, ceremony), response: shape(makeCredentialResponse, ceremonyAnswer) },
  ],
  [Command.authenticatorGetAssertion, { request: shape(getAssertionRequest, ceremony), response: ASSERTION }],
  [Command.authenticatorGetNextAssertion, { response: ASSERTION }],
  [Command.authenticatorGetInfo, { response: shape(getInfoResponse), open: true }],
  [Command.authenticatorReset, { open: true }],
  [Command.authenticatorSelection, { open: true }],
  [
    Command.authenticatorClientPIN,
    {
      request: shape(clientPinRequest, {
        ...auth,
        keyAgreement: CURVE_KEY,
        newPinEnc: 'encrypted',
        pinHashEnc: 'encrypted',
      }),
      response: shape(clientPinResponse, { keyAgreement: CURVE_KEY, pinUvAuthToken: 'encrypted' }),
      subcommand: subcommands(0x02, ClientPinSubcommand),
    },
  ],
  [Command.authenticatorBioEnrollment, bioEnrollment],
  [Command.prototypeAuthenticatorBioEnrollment, bioEnrollment],
  [Command.authenticatorCredentialManagement, credentialManagement],
  [Command.prototypeAuthenticatorCredentialManagement, credentialManagement],
  [Command.authenticatorLargeBlobs, { request: shape(largeBlobsRequest, auth), response: shape(largeBlobsResponse) }],
  [
    Command.authenticatorConfig,
    {
      request: shape(authenticatorConfigRequest, {
        ...auth,
        subCommandParams: (_, around) => CONFIG_PARAMS[Number(around.get(0x01))],
      }),
      response: shape(authenticatorConfigResponse),
      subcommand: subcommands(0x01, AuthenticatorConfigSubcommand),
    },
  ],
]);

/** What is known of a command byte; nothing of vendors' commands. */
export function commandShape(code: number | undefined): CommandShape {
  return (code === undefined ? undefined : SHAPES.get(code)) ?? {};
}
