/** Makers of faults of attestation: other certificates, and other statements, than there should be. */
import { concat } from '../../ctap/bytes.ts';
import { type CborMap, encodeCbor } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { OID } from '../attestation/certificate.ts';
import * as der from '../attestation/der.ts';
import { mapOf, type SeenRequest, seen } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { elementsOf, type Forgery, forgeChain, Tbs, withElement } from './forged-chain.ts';

const AUTH_DATA = 0x02;
const ATT_STMT = 0x03;
const ENTERPRISE = 0x0a;
const PREFERENCE = 0x0b;

export function preference({ parameters }: SeenRequest): readonly unknown[] {
  const list = parameters.get(PREFERENCE);
  return Array.isArray(list) ? list : [];
}

export function statementOf(answer: CborMap): CborMap {
  const statement = answer.get(ATT_STMT);
  return statement instanceof Map ? statement : new Map();
}

/** An attestation as everybody gets it: nobody asked for a format, or for one that names the key. */
export const isOrdinary = (request: SeenRequest): boolean =>
  preference(request).length === 0 && !request.parameters.has(ENTERPRISE);

/** Enterprise attestation that the platform vouches for. */
export const isEnterprise = ({ parameters }: SeenRequest): boolean => parameters.get(ENTERPRISE) === 2;

/**
 * A packed attestation by certificates that are not as they should be.
 * @param when the requests that get it
 */
export function certificateFault(
  id: string,
  summary: string,
  forgery: Forgery,
  when: (request: SeenRequest) => boolean = isOrdinary,
): Fault {
  return {
    id,
    summary,
    commands: [Command.authenticatorMakeCredential],
    concerns: (bytes) => when(seen(bytes)),
    install: (context) => ({
      cbor: async (bytes, next) => {
        const answer = await next(bytes);
        const request = seen(bytes);
        if (answer[0] !== Status.CTAP2_OK || !when(request)) return answer;
        const response = mapOf(answer.subarray(1));
        if (!statementOf(response).has('x5c')) return answer;
        const { alg, signer, x5c } = await forgeChain(context, forgery);
        const [authData, hash] = [response.get(AUTH_DATA), request.parameters.get(0x01)];
        const sig = signer.sign(concat(authData as Uint8Array, hash as Uint8Array));
        const statement: CborMap = new Map([...statementOf(response)]);
        response.set(
          ATT_STMT,
          statement
            .set('alg', alg)
            .set('sig', sig)
            .set('x5c', [...x5c]),
        );
        return Uint8Array.of(Status.CTAP2_OK, ...encodeCbor(response));
      },
    }),
  };
}

type Elements = readonly Uint8Array[];

/** The list of extensions, changed. */
function changeExtensions(tbs: Elements, change: (list: Elements) => Elements): Uint8Array[] {
  const list = elementsOf(elementsOf(tbs[Tbs.extensions]!)[0]!);
  return withElement(tbs, Tbs.extensions, der.explicit(3, der.sequence(...change(list))));
}

/**
 * The extensions with one of them changed.
 * @param change gets the identifier and the value, and gives the whole extension; nothing where it is to go
 */
export function extensionWith(id: string, change: (oid: Uint8Array, value: Uint8Array) => Uint8Array | undefined) {
  const type = der.oid(id).join();
  return (tbs: Elements): Uint8Array[] =>
    changeExtensions(tbs, (list) =>
      list.flatMap((extension) => {
        const [oid, ...rest] = elementsOf(extension);
        return oid!.join() === type ? (change(oid!, rest.at(-1)!) ?? []) : [extension];
      }),
    );
}

/** The extensions with one more. */
export function withExtension(id: string, value: Uint8Array) {
  const added = valued(value)(der.oid(id));
  return (tbs: Elements): Uint8Array[] => changeExtensions(tbs, (list) => [...list, added]);
}

/** The same extension with another value, DER. */
export const valued =
  (value: Uint8Array) =>
  (oid: Uint8Array): Uint8Array =>
    der.sequence(oid, der.octetString(value));

/** The certificate of another AAGUID. */
export const ofOtherAaguid = extensionWith(OID.aaguid, valued(der.octetString(new Uint8Array(16).fill(0xee))));

/** The same extension, but critical. */
export const critical = (oid: Uint8Array, value: Uint8Array): Uint8Array => der.sequence(oid, der.boolean(true), value);

/** The statement with a signature that does not fit. */
export function withSpoiledSignature(statement: CborMap): CborMap {
  const sig = statement.get('sig');
  if (!(sig instanceof Uint8Array)) return statement;
  return statement.set(
    'sig',
    sig.map((byte, index) => (index === sig.length - 1 ? byte ^ 1 : byte)),
  );
}
