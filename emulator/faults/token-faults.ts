/** Makers of faults of keys that take pinUvAuthTokens they should refuse, or refuse those they should take. */
import { equalBytes } from '../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { authenticatorConfigAuthMessage } from '../../ctap/commands/authenticator-config.ts';
import { bioEnrollmentAuthMessage } from '../../ctap/commands/bio-enrollment.ts';
import { ClientPinSubcommand } from '../../ctap/commands/client-pin.ts';
import { credentialManagementAuthMessage } from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import { largeBlobsAuthMessage } from '../../ctap/commands/large-blobs.ts';
import { Permission, pinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { Status, type StatusName } from '../../ctap/status.ts';
import { type SeenRequest, seen } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';

/** A token that the key has given. */
interface IssuedToken {
  readonly value: Uint8Array;
  readonly protocol: number;
  /** What was asked for; mc and ga for a token of getPinToken. */
  readonly permissions: number;
  readonly rpId: string | undefined;
  readonly subcommand: number;
  /** Of the clock, in milliseconds. */
  readonly at: number;
  /** How often the key had been powered up. */
  readonly powerUps: number;
  /** It is the persistent one. */
  readonly persistent: boolean;
  /** Commands that took it. */
  uses: number;
  /** The last of them was an assertion without user presence. */
  usedSilently: boolean;
  /** The first command with user presence that took it. */
  spentBy: number | undefined;
  /** The RP ID of the first assertion that took it. */
  firstRpId: string | undefined;
  /** What should have ended it since: a new PIN, or the demand for one. */
  endedBy: 'changePIN' | 'setMinPINLength' | undefined;
}

/** A pinUvAuthParam that came with a command. */
export interface TokenUse {
  readonly command: number;
  readonly request: SeenRequest;
  /** pinUvAuthProtocol of the command. */
  readonly protocol: CborValue | undefined;
  /** The RP ID of makeCredential and getAssertion. */
  readonly rpId: string | undefined;
  /** The token that it was made with; undefined where there is none such. */
  readonly token: IssuedToken | undefined;
  /** `whole`: as it should be. `cut`: its beginning. */
  readonly length: 'whole' | 'cut' | undefined;
  /** The tokens that were given after it. */
  readonly later: readonly IssuedToken[];
  /** The token is the one that was given last, or the persistent one. */
  readonly latest: boolean;
  /** Milliseconds since it was given. */
  readonly age: number;
  readonly powerCycled: boolean;
  readonly context: FaultContext;
}

interface Form {
  /** Where pinUvAuthParam and pinUvAuthProtocol are. */
  readonly param: number;
  readonly protocol: number;
  readonly message: (parameters: CborMap, context: FaultContext) => Uint8Array;
}

const NOTHING = new Uint8Array(0);
const bytesAt = (map: CborMap, key: number): Uint8Array => {
  const value = map.get(key);
  return value instanceof Uint8Array ? value : NOTHING;
};
const mapAt = (map: CborMap, key: number): CborMap | undefined => {
  const value = map.get(key);
  return value instanceof Map ? value : undefined;
};
const numberAt = (map: CborMap, key: number): number => Number(map.get(key) ?? 0);

const credentialManagement: Form = {
  param: 0x04,
  protocol: 0x03,
  message: (map) => credentialManagementAuthMessage(numberAt(map, 0x01), mapAt(map, 0x02)),
};
const bioEnrollment: Form = {
  param: 0x05,
  protocol: 0x04,
  message: (map) => bioEnrollmentAuthMessage(numberAt(map, 0x01), numberAt(map, 0x02), mapAt(map, 0x03)),
};

/** How each command that takes a token has it authenticated. */
const forms: ReadonlyMap<number, Form> = new Map<number, Form>([
  [Command.authenticatorMakeCredential, { param: 0x08, protocol: 0x09, message: (map) => bytesAt(map, 0x01) }],
  [Command.authenticatorGetAssertion, { param: 0x06, protocol: 0x07, message: (map) => bytesAt(map, 0x02) }],
  [Command.authenticatorCredentialManagement, credentialManagement],
  [Command.prototypeAuthenticatorCredentialManagement, credentialManagement],
  [Command.authenticatorBioEnrollment, bioEnrollment],
  [Command.prototypeAuthenticatorBioEnrollment, bioEnrollment],
  [
    Command.authenticatorLargeBlobs,
    {
      param: 0x05,
      protocol: 0x06,
      message: (map, { crypto }) => largeBlobsAuthMessage(numberAt(map, 0x03), crypto.sha256(bytesAt(map, 0x02))),
    },
  ],
  [
    Command.authenticatorConfig,
    {
      param: 0x04,
      protocol: 0x03,
      message: (map) => authenticatorConfigAuthMessage(numberAt(map, 0x01), mapAt(map, 0x02)),
    },
  ],
]);

const tokenSubcommands: readonly CborValue[] = [
  ClientPinSubcommand.getPinToken,
  ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions,
  ClientPinSubcommand.getPinUvAuthTokenUsingUvWithPermissions,
];

/** Answers that show that a command took the token, whatever else they say. */
const took: readonly number[] = [Status.CTAP2_OK, Status.CTAP2_ERR_NO_CREDENTIALS];

/** An assertion that needs no touch. */
function isSilent({ command, parameters }: SeenRequest): boolean {
  return command === Command.authenticatorGetAssertion && mapAt(parameters, 0x05)?.get('up') === false;
}

function rpIdOf({ command, parameters }: SeenRequest): string | undefined {
  const rp = parameters.get(command === Command.authenticatorGetAssertion ? 0x01 : 0x02);
  const id = rp instanceof Map ? rp.get('id') : rp;
  return typeof id === 'string' ? id : undefined;
}

/** Knows the tokens that a key has given, and what became of them. */
class TokenWatch {
  readonly #context: FaultContext;
  readonly #issued: IssuedToken[] = [];

  constructor(context: FaultContext) {
    this.#context = context;
  }

  /** A token has just been given. */
  issued({ parameters }: SeenRequest): void {
    const { authenticator, clock } = this.#context;
    const persistent = numberAt(parameters, 0x09) === Permission.persistentCredentialManagementReadOnly;
    const { value } = persistent ? authenticator.persistentToken : authenticator.token;
    if (value === undefined) return;
    const subcommand = numberAt(parameters, 0x02);
    const legacy = subcommand === ClientPinSubcommand.getPinToken;
    const rpId = parameters.get(0x0a);
    this.#issued.push({
      value,
      protocol: numberAt(parameters, 0x01),
      permissions: legacy ? Permission.makeCredential | Permission.getAssertion : numberAt(parameters, 0x09),
      rpId: typeof rpId === 'string' ? rpId : undefined,
      subcommand,
      at: clock.now(),
      powerUps: authenticator.powerUps,
      persistent,
      uses: 0,
      usedSilently: false,
      spentBy: undefined,
      firstRpId: undefined,
      endedBy: undefined,
    });
  }

  /** Something has happened that ends tokens. */
  ended(by: IssuedToken['endedBy']): void {
    for (const token of this.#issued) token.endedBy ??= by;
  }

  /** Undefined for a request without a pinUvAuthParam. */
  use(request: SeenRequest): TokenUse | undefined {
    const form = forms.get(request.command);
    const { parameters, command } = request;
    const param = bytesAt(parameters, form?.param ?? 0);
    if (form === undefined || param.length === 0) return undefined;
    const message = form.message(parameters, this.#context);
    const found = this.#issued.findLast((token) => this.#lengthOf(token, message, param) !== undefined);
    const later = found === undefined ? [] : this.#issued.slice(this.#issued.indexOf(found) + 1);
    return {
      command,
      request,
      protocol: parameters.get(form.protocol),
      rpId: rpIdOf(request),
      token: found,
      length: found && this.#lengthOf(found, message, param),
      later,
      latest: found !== undefined && (found.persistent || later.every(({ persistent }) => persistent)),
      age: found === undefined ? 0 : this.#context.clock.now() - found.at,
      powerCycled: found !== undefined && found.powerUps < this.#context.authenticator.powerUps,
      context: this.#context,
    };
  }

  /** A command took it, and did what it was for or found no credential. */
  taken({ token, command, request, rpId }: TokenUse, done: boolean): void {
    if (token === undefined) return;
    token.uses++;
    token.usedSilently = isSilent(request);
    const spends = command === Command.authenticatorMakeCredential || command === Command.authenticatorGetAssertion;
    if (spends && done && !token.usedSilently) token.spentBy ??= command;
    token.firstRpId ??= rpId;
  }

  #lengthOf(token: IssuedToken, message: Uint8Array, param: Uint8Array): TokenUse['length'] {
    const protocol = pinUvAuthProtocol(token.protocol, this.#context.crypto);
    const whole = protocol.authenticate(token.value, message);
    if (param.length > whole.length || !equalBytes(whole.subarray(0, param.length), param)) return undefined;
    return param.length === whole.length ? 'whole' : 'cut';
  }
}

interface TokenFaultOptions {
  readonly id: string;
  readonly summary: string;
  /** The commands that are wrong about tokens. */
  readonly commands: readonly number[];
  readonly when: (use: TokenUse) => boolean;
  /** What they answer in place of a refusal or of success. Default: success to what is refused for its token. */
  readonly status?: StatusName;
  /** The answers that `status` takes the place of. Default: success. */
  readonly instead?: StatusName | readonly StatusName[];
}

/** Commands that judge a token wrongly. */
export function tokenFault(options: TokenFaultOptions): Fault {
  const { id, summary, commands, when, status, instead = 'CTAP2_OK' } = options;
  const replaced: readonly number[] = [instead].flat().map((name) => Status[name]);
  return {
    id,
    summary,
    commands: [Command.authenticatorClientPIN, ...forms.keys()],
    concerns: (bytes) => commands.includes(bytes[0] ?? 0),
    install: (context) => {
      const watch = new TokenWatch(context);
      return {
        cbor: async (bytes, next) => {
          const request = seen(bytes);
          if (request.command === Command.authenticatorClientPIN) {
            const answer = await next(bytes);
            const gives = tokenSubcommands.includes(request.parameters.get(0x02) ?? 0);
            if (answer[0] !== Status.CTAP2_OK) return answer;
            if (gives) watch.issued(request);
            if (request.parameters.get(0x02) === ClientPinSubcommand.changePIN) watch.ended('changePIN');
            return answer;
          }
          const use = watch.use(request);
          const wrong = use !== undefined && commands.includes(request.command) && when(use);
          const answer = await next(bytes);
          const [answered = 0] = answer;
          if (use !== undefined && took.includes(answered)) watch.taken(use, answered === Status.CTAP2_OK);
          if (context.authenticator.pin.forceChange) watch.ended('setMinPINLength');
          if (!wrong) return answer;
          if (status !== undefined) return replaced.includes(answered) ? Uint8Array.of(Status[status]) : answer;
          return answer[0] === Status.CTAP2_ERR_PIN_AUTH_INVALID ? Uint8Array.of(Status.CTAP2_OK) : answer;
        },
      };
    },
  };
}
