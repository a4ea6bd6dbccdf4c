/** Faults of CTAPHID. */
import { HidCommand, isInitPacket, packetCommand } from '../../ctap/hid/packet.ts';
import type { Fault } from './fault.ts';

export const hidFaults: readonly Fault[] = [
  {
    id: 'ping-other-bytes',
    summary: 'answers CTAPHID_PING with other bytes than came',
    install: () => ({
      sent: (report, next) => {
        const changed = report.slice();
        if (isInitPacket(report) && packetCommand(report) === HidCommand.PING) changed[7]! ^= 0xff;
        next(changed);
      },
    }),
  },
];
