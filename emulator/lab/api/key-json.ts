/** A key as the API shows it. */
import { toHex } from '../../../ctap/bytes.ts';
import { type KeyForm, securityKeyOfSerial } from '../../../ctap/token2/models.ts';
import type { Model } from '../../models/index.ts';
import type { PendingPresence } from '../../presence.ts';
import type { LabKey } from '../lab-key.ts';
import { formatTouchPolicy } from '../touch-policy.ts';
import { formatTransport } from '../transport.ts';
import type { FormFactor, LabKeyJSON, PendingJSON } from './schemas.ts';

const FORMS: Readonly<Record<KeyForm, FormFactor>> = {
  'USB-A': 'usb-a',
  'USB-C': 'usb-c',
  Dual: 'usb-a-c',
  'Mini A': 'usb-a-mini',
  'Mini C': 'usb-c-mini',
  'Bio3 Dual': 'usb-a-c-bio',
  Bio3: 'usb-a-bio',
  card: 'card',
};

/** What a product looks like; a model that stands for a version of the specification is a plain key. */
export function formFactorOf(model: Model): FormFactor {
  const product = securityKeyOfSerial(model.serialPrefix);
  if (product !== undefined) return FORMS[product.form];
  return model.fingerprints === undefined ? 'usb-a' : 'usb-a-bio';
}

export function keyJSON(lab: LabKey): LabKeyJSON {
  const { identity, inside, model } = lab.key;
  const { pin = null, sensor = null } = inside;
  return {
    id: lab.id,
    model: model.name,
    product: identity.product,
    serialNumber: identity.serial ?? null,
    aaguid: toHex(model.aaguid),
    assumed: [...model.assumed],
    formFactor: formFactorOf(model),
    inserted: lab.inserted,
    led: ledOf(lab),
    touch: formatTouchPolicy(lab.presence.policy),
    decisions: lab.presence.decisions.length,
    devices: [...lab.devices],
    transports: lab.links.map(({ id, choice, device = null }) => ({ id, transport: formatTransport(choice), device })),
    pending: lab.presence.manual.pending.map(pendingJSON),
    pin,
    uv: sensor,
    passkeys: inside.passkeys.count,
    typesPasswords: lab.key.typesPasswords,
    faults: [...lab.key.faults.active],
  };
}

function ledOf({ inserted, key, presence }: LabKey): LabKeyJSON['led'] {
  if (!inserted) return 'off';
  if (presence.asking) return 'touch';
  const { pin, sensor } = key.inside;
  if (pin?.blocked || pin?.powerCycleNeeded || sensor?.blocked) return 'error';
  return key.busy ? 'working' : 'idle';
}

export function pendingJSON({ request, since }: PendingPresence): PendingJSON {
  const { operation, rpId, userName, longTouch } = request;
  return {
    operation,
    ...(rpId === undefined ? {} : { rpId }),
    ...(userName === undefined ? {} : { userName }),
    ...(longTouch === undefined ? {} : { longTouch }),
    since: new Date(since).toISOString(),
  };
}
