/** pam_u2f: users enrolled by pamu2fcfg, authenticated by pamtester through PAM. */
import { describe, expect, it } from 'vitest';
import { fail, report, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { startLab } from './lab.ts';

const kernel = await bootKernel();
const FOLDER = '/tmp/pam-u2f';
const ORIGIN = 'pam://ctaplab';
const PIN = '161803';

/** A PAM service that only pam_u2f decides. */
async function service(name: string, more = ''): Promise<void> {
  const rule = `auth required pam_u2f.so authfile=${FOLDER}/${name} origin=${ORIGIN} appid=${ORIGIN} ${more}\n`;
  await kernel.writeFile(`/etc/pam.d/ctaplab-${name}`, `${rule}account required pam_permit.so\n`);
}

/** Enrols root for the service with the first key that is plugged in; resolves to the line of the mapping. */
const enrol = (name: string, options = '', pin = '') =>
  succeed(
    kernel,
    `mkdir -p ${FOLDER} && echo '${pin}' | pamu2fcfg -u root -o ${ORIGIN} -i ${ORIGIN} ${options} >${FOLDER}/${name} && cat ${FOLDER}/${name}`,
  );

const authenticate = (name: string, pin = '') => `echo '${pin}' | pamtester ctaplab-${name} root authenticate`;

const lab = await startLab(kernel, '--keys', '2', '--touch', 'auto', '--no-site');
// Key 2 is a stranger to everything that follows.
await lab.ask('POST', '/keys/2/remove');

describe('pam_u2f', () => {
  it('lets in who has the enrolled key', async () => {
    await service('touch');
    expect(await enrol('touch')).toMatch(/^root:[^,*]+,[^,]+,es256,\+presence$/);
    expect(await succeed(kernel, authenticate('touch'))).toMatch(/successfully authenticated/);
  });

  it('lets in who has the PIN too, where the service wants it', async () => {
    await succeed(kernel, `printf '%s\\n' ${PIN} ${PIN} | fido2-token -S ${lab.node}`);
    await service('pin', 'pinverification=1');
    expect(await enrol('pin', '-N', PIN)).toMatch(/^root:[^,*]+,[^,]+,es256,\+presence\+pin$/);
    expect(await succeed(kernel, authenticate('pin', PIN))).toMatch(/successfully authenticated/);
    const wrong = await fail(kernel, authenticate('pin', '999999'));
    expect(wrong.stderr, report(wrong)).toMatch(/Authentication failure/);
    expect(await succeed(kernel, `fido2-token -I ${lab.node} | grep '^pin retries'`)).toBe('pin retries: 7\n');
  });

  it('lets in who has a resident credential', async () => {
    await service('resident', 'pinverification=1');
    expect(await enrol('resident', '-r -N', PIN)).toMatch(/^root:\*,[^,]+,es256,\+presence\+pin$/);
    expect(await succeed(kernel, authenticate('resident', PIN))).toMatch(/successfully authenticated/);
  });

  it('refuses another key, and finds the right one of two', async () => {
    await lab.ask('POST', '/keys/2/insert');
    expect(await succeed(kernel, authenticate('touch'))).toMatch(/successfully authenticated/);
    await lab.ask('POST', '/keys/1/remove');
    const other = await fail(kernel, authenticate('touch'));
    expect(other.stderr, report(other)).toMatch(/Authentication failure/);
    await lab.ask('POST', '/keys/1/insert');
    expect(await succeed(kernel, authenticate('touch'))).toMatch(/successfully authenticated/);
  });
});
