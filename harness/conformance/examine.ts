/** What a key is, as far as it says: before it is judged, and whatever it does. */
import { toHex } from '../../ctap/bytes.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { HidCapability } from '../../ctap/hid/packet.ts';
import { decodeResponse, encodeCommand, StatusWord, StatusWordError } from '../../ctap/iso7816/apdu.ts';
import { CtapError, Status } from '../../ctap/status.ts';
import { OtpCommand } from '../../ctap/token2/otp-applet.ts';
import { Ctap1Client } from '../client/ctap1.ts';
import { ProtocolError } from '../client/protocol-error.ts';
import type { Bench } from './bench.ts';
import { inTime } from './in-time.ts';
import type { KeyFacts } from './needs.ts';
import type { JudgedKey } from './result.ts';
import { Subject } from './subject.ts';

const AS_IT_IS = { pin: undefined, finger: false, spoiled: false, attempts: 0, powerUp: false, fills: false };
/** Seconds that a key may take to say what it is. */
const PATIENCE = 60;

export interface Examination {
  readonly facts: KeyFacts;
  readonly key: JudgedKey;
}

/** Asks the key what it is. Never rejects for what the key does: the facts say then why it could not be examined. */
export async function examine(bench: Bench): Promise<Examination> {
  const { device, virtual, carrier, canRefuse } = bench;
  const about = { virtual, carrier, canRefuse };
  let key: JudgedKey = {
    device,
    product: device,
    virtual,
    carrier,
    deviceVersion: null,
    capabilities: null,
    versions: [],
    aaguid: null,
    firmwareVersion: null,
  };
  let subject: Subject | undefined;
  const ask = async (): Promise<KeyFacts> => {
    const state = await bench.begin(AS_IT_IS);
    bench.user('touches');
    subject = new Subject(bench, state);
    await subject.connect();
    const { hid, name } = subject.device;
    const { capabilities, deviceVersion } = hid;
    key = { ...key, product: name, deviceVersion: deviceVersion.join('.'), capabilities };
    const info = capabilities & HidCapability.CBOR ? await infoOf(subject) : undefined;
    const versions = info?.versions ?? [await new Ctap1Client(subject.device).version()];
    key = {
      ...key,
      versions,
      aaguid: info === undefined ? null : toHex(info.aaguid),
      firmwareVersion: info?.firmwareVersion ?? null,
    };
    const u2f = info === undefined || (versions.includes('U2F_V2') && !(capabilities & HidCapability.NMSG));
    return { ...about, info, u2f, token2: await hasToken2(subject) };
  };
  try {
    return { facts: await inTime(PATIENCE, 'the key took', ask), key };
  } catch (error) {
    const unexamined = error instanceof Error ? error.message : String(error);
    return { facts: { ...about, info: undefined, u2f: false, token2: false, unexamined }, key };
  } finally {
    await subject?.close().catch(() => undefined); // a key that is gone has been told of already
  }
}

/** A card says that it has the FIDO applet, not that there is CTAP2 in it. */
async function infoOf(subject: Subject): Promise<GetInfoResponse | undefined> {
  try {
    return await subject.ctap2.getInfo();
  } catch (error) {
    if (error instanceof CtapError && error.status === Status.CTAP1_ERR_INVALID_COMMAND) return undefined;
    throw error;
  }
}

/** Whatever it tells: what that is worth, checks say. */
async function hasToken2(subject: Subject): Promise<boolean> {
  try {
    const answer = await (await subject.token2()).transmit(encodeCommand({ ...OtpCommand.readDeviceInfo, le: 10 }));
    return answer.length > 2 && decodeResponse(answer).statusWord === StatusWord.NO_ERROR;
  } catch (error) {
    // a refusal, or the silence of a key that does not know these reports
    if (error instanceof StatusWordError || error instanceof ProtocolError) return false;
    throw error;
  }
}
