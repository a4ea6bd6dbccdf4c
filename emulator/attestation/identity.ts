/** What a key attests with: made in the factory, kept in its store, untouched by a reset. */
import { type CborValue, decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { Algorithm, type Signer } from '../../ctap/crypto.ts';
import { array, bytes, message, optional, required } from '../../ctap/schema.ts';
import type { Environment } from '../environment.ts';
import type { Model } from '../models/model.ts';
import type { AttestationAuthority, Certified } from './authority.ts';

const PATH = 'attestation';

const certified = message('certified key', {
  privateKey: required(1, bytes(32)),
  x5c: required(2, array(bytes())),
});

const attestationRecord = message('attestation record', {
  root: required(1, bytes()),
  batch: required(2, certified),
  enterprise: optional(3, certified),
});

/** One key to attest with. */
export interface Attester {
  readonly signer: Signer;
  /** DER, the leaf first. The root is not sent, as WebAuthn asks. */
  readonly x5c: readonly Uint8Array[];
}

export interface AttestationIdentity {
  /** DER of the root that a relying party has to trust. */
  readonly root: Uint8Array;
  /** The certificate of all keys of the model. */
  readonly batch: Attester;
  /** This key's own certificate with its serial number; only on models with the option ep. */
  readonly enterprise?: Attester | undefined;
}

/**
 * Reads the key's attestation identity from its store, or has one issued.
 * @param authority asked only where the store has none
 */
export async function openAttestationIdentity(
  { crypto, store }: Environment,
  model: Model,
  serialNumber: string,
  authority: () => Promise<AttestationAuthority>,
): Promise<AttestationIdentity> {
  // Reading a private key is dear, and most keys of a large lab never attest.
  const open = ({ privateKey, x5c }: Certified): Attester => {
    let signer: Signer | undefined;
    return {
      get signer() {
        signer ??= crypto.signer(Algorithm.ES256, privateKey);
        return signer;
      },
      x5c,
    };
  };
  const stored = store.get(PATH);
  const record = stored ? decodeRecord(decodeCbor(stored)) : await issue(model, serialNumber, await authority());
  if (!stored) await store.commit([{ path: PATH, value: encodeCbor(attestationRecord.encode(record)) }]);
  return { root: record.root, batch: open(record.batch), enterprise: record.enterprise && open(record.enterprise) };
}

function decodeRecord(value: CborValue) {
  return attestationRecord.decode(value, PATH);
}

async function issue(
  model: Model,
  serialNumber: string,
  authority: AttestationAuthority,
): Promise<ReturnType<typeof decodeRecord>> {
  const { privateKey, x5c } = await authority.batch(model);
  const enterprise = model.options.includes('ep') ? await authority.enterprise(model, serialNumber) : undefined;
  return {
    root: authority.root,
    batch: { privateKey, x5c: [...x5c] },
    enterprise: enterprise && { privateKey: enterprise.privateKey, x5c: [...enterprise.x5c] },
  };
}
