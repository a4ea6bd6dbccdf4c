/** A process that changes a tenant's database as fast as it can, and tells each change once it is answered. */
import { join } from 'node:path';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { Database } from '../../../../harness/sites/duo/database/database.ts';
import { attemptPasscode } from '../../../../harness/sites/duo/domain/attempts.ts';
import { createEnrolmentLink, useEnrolmentLink } from '../../../../harness/sites/duo/domain/enrolment-links.ts';
import { assignToken, createToken, listTokens } from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { SecretBox } from '../../../../harness/sites/duo/domain/secrets.ts';
import { createTenant } from '../../../../harness/sites/duo/domain/tenant.ts';
import { createUser, findUser } from '../../../../harness/sites/duo/domain/users.ts';

const SECRET = new Uint8Array(20).fill(7);
const [folder = '.', life = '0'] = process.argv.slice(2);
const tenant = createTenant({
  database: Database.open(join(folder, 'duo.db')),
  secrets: SecretBox.fromFile(join(folder, 'secret.key')),
});
const tell = (told: object): void => {
  process.stdout.write(`${JSON.stringify(told)}\n`);
};
const context = { place: 'a test', ip: '', userAgent: '' };

const owner = findUser(tenant, 'owner') ?? (await createUser(tenant, { username: 'owner' }));
if (listTokens(tenant).length === 0) {
  const { tokenId } = await createToken(tenant, { type: 'h6', serial: 'T', secret: '07'.repeat(20) });
  await assignToken(tenant, tokenId, owner.userId);
}

async function spendCodes(): Promise<void> {
  for (let counter = listTokens(tenant)[0]!.nextCounter; ; counter++) {
    const { accepted } = await attemptPasscode(tenant, owner, hotp(SECRET, counter), context);
    if (accepted) tell({ counter });
  }
}

async function addUsers(): Promise<void> {
  for (let number = 0; ; number++) {
    const { username, userId } = await createUser(tenant, { username: `user-${life}-${number}` });
    tell({ username });
    const { code } = await createEnrolmentLink(tenant, userId);
    await tenant.database.write(() => useEnrolmentLink(tenant, code));
    tell({ spent: code });
  }
}

// Both at once: their changes share transactions.
await Promise.all([spendCodes(), addUsers()]);
