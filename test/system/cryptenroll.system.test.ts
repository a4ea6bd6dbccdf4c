/** systemd-cryptenroll and systemd-cryptsetup: a disk that a security key unlocks by its hmac-secret. */
import { describe, expect, it } from 'vitest';
import { fail, report, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { startLab } from './lab.ts';

const kernel = await bootKernel();
const lab = await startLab(kernel, '--keys', '2', '--touch', 'auto', '--no-site');
const mine = lab.node;
const FOLDER = '/tmp/cryptenroll';
const PIN = '271828';
const PASSPHRASE = 'a passphrase for emergencies';

// In an emulated machine a costly key derivation would take minutes.
await succeed(
  kernel,
  `modprobe -a dm-crypt loop xts algif_skcipher && mkdir -p ${FOLDER} && cd ${FOLDER} &&
   truncate -s 24M touch.luks && printf %s '${PASSPHRASE}' >passphrase &&
   cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 touch.luks passphrase &&
   cp touch.luks pin.luks`,
);

/** Enrols a key for a disk. */
const enrol = (disk: string, device: string, options: string, env = '') =>
  succeed(
    kernel,
    `PASSWORD='${PASSPHRASE}' ${env} timeout 120 systemd-cryptenroll --fido2-device=${device} ${options} ${FOLDER}/${disk}.luks`,
  );

/** Unlocks a disk with whatever key is plugged in; no passphrase is asked for. */
const attach = (disk: string, env = '') =>
  `${env} timeout 120 /lib/systemd/systemd-cryptsetup attach ${disk} ${FOLDER}/${disk}.luks - fido2-device=auto,headless=1,token-timeout=1`;

/** Locks it again. */
const detach = (disk: string) => succeed(kernel, `/lib/systemd/systemd-cryptsetup detach ${disk}`);

describe('a LUKS disk', () => {
  it('is enrolled with a key', async () => {
    await enrol('touch', mine, '--fido2-with-client-pin=no');
    expect(await succeed(kernel, `systemd-cryptenroll ${FOLDER}/touch.luks`)).toMatch(/^ +1 +fido2$/m);
  });

  it('is unlocked by that key, and what was written is there the next time', async () => {
    await lab.ask('POST', '/keys/2/remove');
    await succeed(kernel, attach('touch'));
    await succeed(kernel, 'printf kept >/dev/mapper/touch && sync');
    await detach('touch');
    expect((await fail(kernel, 'test -e /dev/mapper/touch')).status).toBe(1);
    expect(await succeed(kernel, `${attach('touch')} && head -c 4 /dev/mapper/touch`)).toBe('kept');
    await detach('touch');
  });

  it('is not unlocked by another key, nor without one', async () => {
    await lab.ask('POST', '/keys/1/remove');
    await lab.ask('POST', '/keys/2/insert');
    const refused = await fail(kernel, attach('touch'));
    expect(refused.stderr, report(refused)).toMatch(/credentials not present on token|Wrong security token/i);
    await fail(kernel, 'test -e /dev/mapper/touch');
    await lab.ask('POST', '/keys/2/remove');
    await fail(kernel, attach('touch'));
    await fail(kernel, 'test -e /dev/mapper/touch');
  });

  it('wants the PIN too, where it was enrolled so', async () => {
    await lab.ask('POST', '/keys/1/insert');
    await succeed(kernel, `printf '%s\\n' ${PIN} ${PIN} | fido2-token -S ${mine}`);
    // where systemd looks for the PIN before it asks a person
    await kernel.writeFile(`${FOLDER}/credentials/fido2-pin`, PIN);
    // systemd 252 enrols without the PIN where the key lets it (makeCredUvNotRqd), and cannot unlock with it then
    await succeed(kernel, `echo ${PIN} | fido2-token -S -u ${mine}`);
    await enrol('pin', mine, '--fido2-with-client-pin=yes', `CREDENTIALS_DIRECTORY=${FOLDER}/credentials`);
    const wrong = await fail(kernel, attach('pin', 'PIN=999999'));
    expect(wrong.stderr, report(wrong)).toMatch(/PIN/);
    await fail(kernel, 'test -e /dev/mapper/pin');
    await succeed(kernel, attach('pin', `PIN=${PIN}`));
    await detach('pin');
  });
});
