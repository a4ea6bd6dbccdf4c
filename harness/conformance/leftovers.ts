/** Passkeys that checks have left on a key whose owner wants it as it was. */
import { toHex } from '../../ctap/bytes.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { PasskeysClient } from '../client/passkeys.ts';
import type { PinClient } from '../client/pin.ts';
import { RP_ID } from './ceremony.ts';

/** Relying parties of the checks, which nobody else has: an interrupted run may have left some of theirs. */
const OURS = RP_ID.slice(RP_ID.indexOf('.'));

export class Leftovers {
  readonly #before: ReadonlySet<string>;

  private constructor(before: ReadonlySet<string>) {
    this.#before = before;
  }

  /** Remembers what is on the key; undefined where it cannot be asked. */
  static async begin(client: PinClient, pin: string): Promise<Leftovers | undefined> {
    const { options = {} } = await client.ctap2.getInfo();
    if (!options.credMgmt && !options.credentialMgmtPreview) return undefined;
    const kept = (await passkeys(client, pin)).filter(({ rpId }) => !isOurs(rpId));
    return new Leftovers(new Set(kept.map(({ id }) => toHex(id))));
  }

  /** Deletes what has come since. @returns how many */
  async remove(client: PinClient, pin: string): Promise<number> {
    const more = (await passkeys(client, pin)).filter(({ id }) => !this.#before.has(toHex(id)));
    if (more.length === 0) return 0;
    const manager = await managerOf(client, pin);
    for (const { id } of more) await manager.delete({ type: 'public-key', id });
    return more.length;
  }
}

function isOurs(rpId: string | undefined): boolean {
  return rpId?.endsWith(OURS) === true;
}

async function managerOf(client: PinClient, pin: string): Promise<PasskeysClient> {
  return new PasskeysClient(
    client.ctap2,
    await client.getPinUvAuthToken({ pin, permissions: Permission.credentialManagement }),
  );
}

async function passkeys(
  client: PinClient,
  pin: string,
): Promise<readonly { readonly rpId: string | undefined; readonly id: Uint8Array }[]> {
  const manager = await managerOf(client, pin);
  const found: { rpId: string | undefined; id: Uint8Array }[] = [];
  for (const { rp, rpIdHash } of await manager.rps()) {
    for (const { credentialId } of await manager.credentials(rpIdHash))
      found.push({ rpId: rp.id, id: credentialId.id });
  }
  return found;
}
