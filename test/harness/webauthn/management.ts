/** What a key's owner does before a page comes: a PIN, fingers, settings. */
import {
  AuthenticatorConfigSubcommand,
  authenticatorConfigAuthMessage,
  authenticatorConfigRequest,
  type SetMinPINLengthParams,
  setMinPINLengthParams,
} from '../../../ctap/commands/authenticator-config.ts';
import {
  BioEnrollmentSubcommand,
  bioEnrollmentAuthMessage,
  bioEnrollmentParams,
  bioEnrollmentRequest,
  bioEnrollmentResponse,
  FINGERPRINT_MODALITY,
} from '../../../ctap/commands/bio-enrollment.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { message } from '../../../ctap/schema.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { PinClient } from '../../../harness/client/pin.ts';

const nothing = message('nothing', {});

export async function setPin(device: CtapDevice, pin: string): Promise<void> {
  await new PinClient(new Ctap2Client(device)).setPin(pin);
}

/** Enrols whatever finger the sensor is given, until the key has seen enough of it. */
export async function enrollFinger(device: CtapDevice, pin: string): Promise<void> {
  const ctap2 = new Ctap2Client(device);
  const token = await new PinClient(ctap2).getPinUvAuthToken({ pin, permissions: Permission.bioEnrollment });
  // a token of CTAP 2.0 has no permissions, and is good for the prototype command alone
  const { options } = await ctap2.getInfo();
  const command = options?.pinUvAuthToken
    ? Command.authenticatorBioEnrollment
    : Command.prototypeAuthenticatorBioEnrollment;
  let templateId: Uint8Array | undefined;
  for (;;) {
    const subCommand = templateId
      ? BioEnrollmentSubcommand.enrollCaptureNextSample
      : BioEnrollmentSubcommand.enrollBegin;
    const params = templateId && bioEnrollmentParams.encode({ templateId });
    const request = {
      modality: FINGERPRINT_MODALITY,
      subCommand,
      subCommandParams: params,
      pinUvAuthProtocol: token.protocol.version,
      pinUvAuthParam: token.authenticate(bioEnrollmentAuthMessage(FINGERPRINT_MODALITY, subCommand, params)),
    };
    const answer = await ctap2.call(command, bioEnrollmentRequest, request, bioEnrollmentResponse);
    templateId ??= answer.templateId;
    if (answer.remainingSamples === 0) return;
  }
}

/** Sends one subcommand of authenticatorConfig. */
export async function configure(
  device: CtapDevice,
  pin: string,
  subcommand: keyof typeof AuthenticatorConfigSubcommand,
  params?: SetMinPINLengthParams,
): Promise<void> {
  const ctap2 = new Ctap2Client(device);
  const permissions = Permission.authenticatorConfiguration;
  const token = await new PinClient(ctap2).getPinUvAuthToken({ pin, permissions });
  const subCommand = AuthenticatorConfigSubcommand[subcommand];
  const subCommandParams = params && setMinPINLengthParams.encode(params);
  const request = {
    subCommand,
    subCommandParams,
    pinUvAuthProtocol: token.protocol.version,
    pinUvAuthParam: token.authenticate(authenticatorConfigAuthMessage(subCommand, subCommandParams)),
  };
  await ctap2.call(Command.authenticatorConfig, authenticatorConfigRequest, request, nothing);
}
