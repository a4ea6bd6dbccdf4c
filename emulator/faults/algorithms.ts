/** Faults of single algorithms. */
import { Command } from '../../ctap/commands/index.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import {
  acceptsFault,
  answerFault,
  authDataFault,
  hearingFault,
  type SeenRequest,
  statusFault,
} from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { EACH, valuesAt } from './nested.ts';

const commands = [Command.authenticatorMakeCredential];
const UNHEARD_OF = 99;

/** Algorithms that a makeCredential request offers. */
function offered({ parameters }: SeenRequest): unknown[] {
  return valuesAt(parameters, [0x04, EACH, 'alg']);
}

/** Labels of what says which curve, or which type, a COSE_Key is of. */
function curveLabel(alg: number): number {
  const withoutCurve: readonly number[] = [
    Algorithm.RS256,
    Algorithm.ML_DSA_44,
    Algorithm.ML_DSA_65,
    Algorithm.ML_DSA_87,
  ];
  return withoutCurve.includes(alg) ? 1 : -1;
}

/** The algorithm of the first credential in the allow list that this key has made. */
function algorithmOf(authenticator: Authenticator, { parameters }: SeenRequest): number | undefined {
  const rpId = parameters.get(0x01);
  if (typeof rpId !== 'string') return undefined;
  const { credentials } = authenticator;
  const ids = valuesAt(parameters, [0x03, EACH, 'id']).filter((id) => id instanceof Uint8Array);
  return ids.map((id) => credentials.find(id, credentials.rpIdHash(rpId))?.alg).find((alg) => alg !== undefined);
}

const ofAlgorithms = Object.entries(Algorithm).flatMap(([name, alg]): Fault[] => {
  const lower = name.toLowerCase().replaceAll('_', '-');
  return [
    authDataFault({
      id: `${lower}-key-of-other-curve`,
      summary: `labels its keys of ${name} wrongly where the platform wants no attestation`,
      commands,
      when: (request) =>
        offered(request).every((other) => other === alg) && valuesAt(request.parameters, [0x0b, EACH]).includes('none'),
      change: (data) => {
        const { attestedCredentialData: attested } = data;
        if (attested === undefined) return data;
        const credentialPublicKey = new Map(attested.credentialPublicKey).set(curveLabel(alg), UNHEARD_OF);
        return { ...data, attestedCredentialData: { ...attested, credentialPublicKey } };
      },
    }),
    answerFault({
      id: `get-assertion-bad-${lower}-signature`,
      summary: `signs assertions of ${name} wrongly`,
      commands: [Command.authenticatorGetAssertion],
      given: ({ authenticator }, request) => algorithmOf(authenticator, request) === alg,
      change: (answer) => {
        const signature = (answer.get(0x03) as Uint8Array).slice();
        signature[signature.length - 1]! ^= 0x01;
        return answer.set(0x03, signature);
      },
    }),
  ];
});

export const algorithmFaults: readonly Fault[] = [
  ...ofAlgorithms,
  hearingFault({
    id: 'make-credential-favourite-algorithm',
    summary: 'takes the algorithm that it likes best, wherever the platform offers it',
    commands,
    when: (request) => offered(request).length > 1,
    change: (parameters) => {
      const list = parameters.get(0x04);
      return Array.isArray(list) ? parameters.set(0x04, [...list].reverse()) : parameters;
    },
  }),
  statusFault({
    id: 'make-credential-refuses-list-with-unknown-algorithm',
    summary: 'refuses makeCredential where any of the algorithms is unknown to it',
    commands,
    status: 'CTAP2_ERR_UNSUPPORTED_ALGORITHM',
    when: (request) => offered(request).some((alg) => typeof alg === 'number' && alg < -60_000),
  }),
  statusFault({
    id: 'make-credential-refuses-repeated-algorithm',
    summary: 'refuses makeCredential where an algorithm is offered twice',
    commands,
    status: 'CTAP2_ERR_INVALID_CBOR',
    when: (request) => {
      // one type for all: the same algorithm for another type is another offer
      const types = new Set(valuesAt(request.parameters, [0x04, EACH, 'type']));
      const list = offered(request);
      return types.size === 1 && new Set(list).size < list.length;
    },
  }),
  acceptsFault({
    id: 'make-credential-takes-unlisted-algorithm',
    summary: 'makes credentials of algorithms that it does not list in getInfo',
    commands,
    when: (request) => {
      const [first, ...others] = offered(request);
      const [type] = valuesAt(request.parameters, [0x04, EACH, 'type']);
      return others.length === 0 && type === 'public-key' && Object.values(Algorithm).some((known) => known === first);
    },
    refusal: 'CTAP2_ERR_UNSUPPORTED_ALGORITHM',
  }),
];
