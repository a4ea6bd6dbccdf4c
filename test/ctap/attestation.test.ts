import { expect, it } from 'vitest';
import {
  attestationObject,
  encodeAttestationObject,
  fidoU2fStatement,
  noneStatement,
  packedStatement,
  u2fAttestationBytes,
} from '../../ctap/attestation.ts';
import { fromHex, toHex } from '../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';

const sig = fromHex('3001');
const certificate = fromHex('3002');

it('writes packed statements in canonical order, with and without a chain', () => {
  expect(toHex(encodeCbor(packedStatement.encode({ alg: -7, sig })))).toBe('a263616c672663736967423001');
  expect(toHex(encodeCbor(packedStatement.encode({ x5c: [certificate], sig, alg: -7 })))).toBe(
    'a363616c67266373696742300163783563814230' + '02',
  );
});

it('writes fido-u2f statements in canonical order', () => {
  expect(toHex(encodeCbor(fidoU2fStatement.encode({ x5c: [certificate], sig })))).toBe(
    'a26373696742300163783563' + '81423002',
  );
});

it('has an empty statement for none, a new one each time', () => {
  noneStatement().set('x', 1);
  expect(noneStatement().size).toBe(0);
});

it('writes attestation objects with fmt first, as WebAuthn §6.5.4 shows it', () => {
  const authData = fromHex('aabb');
  const written = encodeAttestationObject('none', noneStatement(), authData);
  expect(toHex(written)).toBe('a363666d74646e6f6e656761747453746d74a068617574684461746142aabb');
  expect(attestationObject.decode(decodeCbor(written), 'attestationObject')).toEqual({
    fmt: 'none',
    attStmt: new Map(),
    authData,
  });
});

it('signs what U2F raw messages §4.3 lists for a registration', () => {
  const publicKey = new Uint8Array(64).fill(0xdd);
  const signed = u2fAttestationBytes(
    new Uint8Array(32).fill(0xaa),
    new Uint8Array(32).fill(0xbb),
    fromHex('cccc'),
    publicKey,
  );
  expect(toHex(signed)).toBe(`00${'aa'.repeat(32)}${'bb'.repeat(32)}cccc04${'dd'.repeat(64)}`);
});
