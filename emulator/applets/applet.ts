/** What a smart card's operating system asks of an applet. */
import type { CommandApdu } from '../../ctap/iso7816/apdu.ts';
import type { Exchange } from '../exchange.ts';

export interface CardApplet {
  /** Application identifier, by which hosts select it. */
  readonly aid: Uint8Array;
  /** An instruction of the applet's own by which the rest of a long answer is got, beside GET RESPONSE. */
  readonly continuation?: number;
  /** The data that answer its selection. What an earlier selection had unlocked is locked again. */
  select(): Uint8Array;
  /** The data that answer a command. @throws StatusWordError with the status word to answer */
  process(command: CommandApdu, exchange: Exchange): Promise<Uint8Array> | Uint8Array;
  /** The card lost its power. */
  powerCycle(): void;
}
