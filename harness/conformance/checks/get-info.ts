/** authenticatorGetInfo: CTAP 2.3 §6.4. */
import { decodeCbor } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';

export const getInfoChecks: CheckGroup = {
  name: 'authenticatorGetInfo',
  checks: [
    {
      id: 'getInfo.canonical',
      section: 'CTAP 2.3 §8',
      statement: 'The answer is one canonical CBOR map and nothing after it.',
      faults: ['get-info-trailing-byte'],
      async run(key) {
        const { body } = await key.request(Command.authenticatorGetInfo);
        expect(decodeCbor(body) instanceof Map, 'a CBOR map in the answer');
      },
    },
    {
      id: 'getInfo.aaguid',
      section: 'CTAP 2.3 §6.4',
      statement: 'aaguid is a byte string of 16 bytes.',
      faults: ['get-info-short-aaguid'],
      async run(key) {
        const aaguid = (await key.accepted(Command.authenticatorGetInfo)).get(0x03);
        expectEqual(aaguid instanceof Uint8Array ? aaguid.length : undefined, 16, 'the length of aaguid');
      },
    },
    {
      id: 'getInfo.maxMsgSize',
      section: 'CTAP 2.3 §6.4',
      statement: 'maxMsgSize is at least 1024 where it is there.',
      faults: ['get-info-small-max-msg-size'],
      async run(key) {
        const size = (await key.accepted(Command.authenticatorGetInfo)).get(0x05) ?? 1024;
        expect(typeof size === 'number' && size >= 1024, 'maxMsgSize of at least 1024', size);
      },
    },
  ],
};
