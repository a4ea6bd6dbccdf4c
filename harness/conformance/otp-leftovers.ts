/** Entries of Token2's OTP applet that checks have left on a key whose owner wants it as it was. */
import { Token2OtpClient } from '../client/token2.ts';
import type { CardConnection } from '../transports/connection.ts';
import { isOurs, PAST } from './otp-applet.ts';

/** Deletes them, those of an interrupted run too; reads names of others, and leaves them alone. @returns how many */
export async function removeOtpLeftovers(card: CardConnection, selects: boolean): Promise<number> {
  const client = await Token2OtpClient.open(card, { selects });
  const ours = (await client.entries(PAST)).filter(isOurs);
  for (const name of ours) await client.deleteEntry(name);
  return ours.length;
}
