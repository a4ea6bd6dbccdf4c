/** Who a key is: what its plug, its carrier and its applets say. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { toHex } from '../../ctap/bytes.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { HidCapability } from '../../ctap/hid/packet.ts';
import { StatusWordError } from '../../ctap/iso7816/apdu.ts';
import { securityKeyOfSerial } from '../../ctap/token2/models.ts';
import { ProtocolError } from '../client/protocol-error.ts';
import { Token2OtpClient } from '../client/token2.ts';
import { formatAaguidHex } from '../conformance/report/aaguid.ts';
import type { Identity } from './probe-result.ts';
import type { ProbedKey } from './probed-key.ts';

const CAPABILITIES = Object.entries(HidCapability);
const HIDRAW = 'hidraw:';

export async function identify(key: ProbedKey, versions: readonly string[], info?: GetInfoResponse): Promise<Identity> {
  const { name, device, atr } = key;
  const { protocolVersion, deviceVersion, capabilities } = device.hid;
  return {
    device: name,
    product: device.name,
    ...(name.startsWith(HIDRAW) ? await ofHidraw(name.slice(HIDRAW.length)) : {}),
    ...(atr === undefined ? {} : { atr: toHex(atr) }),
    protocolVersion,
    deviceVersion: deviceVersion.join('.'),
    capabilities: CAPABILITIES.filter(([, bit]) => capabilities & bit).map(([word]) => word),
    versions,
    ...(info === undefined ? {} : { aaguid: formatAaguidHex(toHex(info.aaguid)) }),
    ...(await ofToken2(key)),
  };
}

async function ofHidraw(path: string): Promise<Pick<Identity, 'usb' | 'reportDescriptor'>> {
  const { discover } = await import('../transports/discovery.ts');
  const found = (await discover()).find((candidate) => candidate.path === path);
  const descriptor = await reportDescriptor(path);
  return {
    ...(descriptor === undefined ? {} : { reportDescriptor: toHex(descriptor) }),
    ...(found === undefined
      ? {}
      : {
          usb: {
            vendorId: hex4(found.vendorId),
            productId: hex4(found.productId),
            release: `${found.release >> 8}.${(found.release & 0xff).toString(16).padStart(2, '0')}`,
            ...(found.manufacturer === undefined ? {} : { manufacturer: found.manufacturer }),
            ...(found.serialNumber === undefined ? {} : { serialNumber: found.serialNumber }),
          },
        }),
  };
}

/** As Linux tells it; other systems do not. */
async function reportDescriptor(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(`/sys/class/hidraw/${basename(path)}/device/report_descriptor`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** By the OTP applet of Token2's keys; nothing of others. */
async function ofToken2({ otpApplet }: ProbedKey): Promise<Pick<Identity, 'token2'>> {
  const applet = await otpApplet();
  try {
    const client = await Token2OtpClient.open(applet.card, { selects: applet.selects });
    const { details } = await client.deviceInfo();
    const serialNumber = await client.serialNumber();
    const known = securityKeyOfSerial(serialNumber);
    return {
      token2: {
        serialNumber,
        ...(known === undefined ? {} : { model: `${known.series} ${known.form}, release ${known.release}` }),
        ...(details === undefined ? {} : { fidoVersion: details.fidoVersion.join('.') }),
      },
    };
  } catch (error) {
    if (error instanceof StatusWordError || error instanceof ProtocolError) return {}; // not a key of Token2's
    throw error;
  } finally {
    await applet.close();
  }
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}
