/** libfido2's fido2-cred and fido2-assert: credentials made and used, and verified by libfido2 itself. */
import { describe, expect, it } from 'vitest';
import { Flag } from '../../ctap/flags.ts';
import { fail, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB, startLab } from './lab.ts';
import { assert, assertParameters, type CredentialType, make } from './libfido2.ts';

const kernel = await bootKernel();
const rpId = 'example.com';
const PIN = '314159';
const SALTS = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')] as const;

describe('a key that is touched at once', async () => {
  const lab = await startLab(kernel, '--touch', 'auto', '--no-site');
  const device = lab.node;

  it.each<CredentialType>(['es256', 'eddsa'])('makes and uses a %s credential without a PIN', async (type) => {
    const made = await make(kernel, device, { rpId, type });
    expect(made.format).toBe('packed');
    expect(made.authData.flags).toBe(Flag.UP | Flag.AT);
    expect(Buffer.from(made.authData.attestedCredentialData!.credentialId).toString('base64')).toBe(made.id);
    const used = await assert(kernel, device, { rpId, type, options: '-p' }, made, '-p');
    expect(used.authData.flags).toBe(Flag.UP);
    expect(used.authData.signCount).toBeGreaterThan(made.authData.signCount);
    const silent = await assert(kernel, device, { rpId, type, options: '-t up=false' }, made);
    expect(silent.authData.flags).toBe(0);
  });

  it('makes what libfido2 refuses when a bit of it is changed', async () => {
    const made = await make(kernel, device, { rpId });
    const { text } = await assert(kernel, device, { rpId, options: '-p' }, made, '-p');
    const verify = (options: string) =>
      `printf %s "$INPUT" | fido2-assert -V ${options} <(printf %s "$PUBLIC_KEY") es256`;
    const env = (input: string) => ({ INPUT: input, PUBLIC_KEY: made.publicKey });
    await succeed(kernel, verify('-p'), { env: env(text) });
    const [hash, ...rest] = text.split('\n');
    const other = Buffer.from(hash!, 'base64');
    other[0]! ^= 1;
    const changed = [other.toString('base64'), ...rest].join('\n');
    expect((await fail(kernel, verify('-p'), { env: env(changed) })).stderr).toMatch(/FIDO_ERR_INVALID_SIG/);
    const unverified = await fail(kernel, verify('-v'), { env: env(text) });
    expect(unverified.stderr).toMatch(/FIDO_ERR_INVALID_PARAM/);
  });

  it('registers and authenticates over U2F', async () => {
    const made = await make(kernel, device, { rpId, options: '-u' });
    expect(made.format).toBe('fido-u2f');
    const used = await assert(kernel, device, { rpId, options: '-u -p' }, made, '-p');
    expect(used.authData.flags).toBe(Flag.UP);
    // The same credential is good for CTAP2.
    const again = await assert(kernel, device, { rpId, options: '-p' }, made, '-p');
    expect(again.authData.signCount).toBeGreaterThan(used.authData.signCount);
  });

  it('has a PIN from here on, and wants it where verification is asked for', async () => {
    await succeed(kernel, `printf '%s\\n' ${PIN} ${PIN} | fido2-token -S ${device}`);
    const env = { PARAMETERS: `${'A'.repeat(43)}=\n${rpId}\njoe\nAAAA\n` };
    const quiet = await fail(kernel, `fido2-cred -M -q -r -i <(printf %s "$PARAMETERS") ${device}`, { env });
    expect(quiet.stderr).toMatch(/FIDO_ERR_(PIN_REQUIRED|PUAT_REQUIRED|UNAUTHORIZED_PERM)/);
  });

  it.each<CredentialType>(['es256', 'eddsa'])('makes and uses a %s credential with a PIN', async (type) => {
    const made = await make(kernel, device, { rpId, type, options: '-v', pin: PIN }, undefined, '-v');
    expect(made.authData.flags).toBe(Flag.UP | Flag.UV | Flag.AT);
    const used = await assert(kernel, device, { rpId, type, options: '-p -v', pin: PIN }, made, '-p -v');
    expect(used.authData.flags).toBe(Flag.UP | Flag.UV);
    // Not resident: whoever has no id finds none.
    const none = await fail(
      kernel,
      `printf '%s\\n' ${PIN} | fido2-assert -G -r -v -i <(printf %s "$PARAMETERS") ${device}`,
      { env: { PARAMETERS: assertParameters(rpId) } },
    );
    expect(none.stderr).toMatch(/FIDO_ERR_NO_CREDENTIALS/);
  });

  it.each<CredentialType>(['es256', 'eddsa'])('finds a resident %s credential and its user', async (type) => {
    const user = { name: 'ann', id: Buffer.from(`ann of ${type}`).toString('base64') };
    const resident = { rpId: `${type}.example`, type };
    const made = await make(kernel, device, { ...resident, options: '-r -v', pin: PIN }, user, '-v');
    const used = await assert(
      kernel,
      device,
      { ...resident, options: '-r -p -v', pin: PIN },
      { publicKey: made.publicKey },
      '-p -v',
    );
    expect(used.rest).toEqual([user.id]);
  });

  it('derives the secret of hmac-secret: one a salt, and another one with a PIN', async () => {
    const made = await make(kernel, device, { rpId, options: '-h -v', pin: PIN }, undefined, '-h -v');
    const secret = async (salt: string, pin?: string) => {
      const [options, verify] = pin === undefined ? ['-h -p', '-h -p'] : ['-h -p -v', '-h -p -v'];
      const { rest } = await assert(kernel, device, { rpId, options, ...(pin && { pin }) }, { ...made, salt }, verify);
      expect(Buffer.from(rest.at(-1)!, 'base64')).toHaveLength(32);
      return rest.at(-1)!;
    };
    const first = await secret(SALTS[0]);
    expect(await secret(SALTS[0])).toBe(first);
    expect(new Set([first, await secret(SALTS[1]), await secret(SALTS[0], PIN)]).size).toBe(3);
  });

  it('keeps a credential of credProtect 3 to who knows the PIN', async () => {
    const ceremony = { rpId, options: '-c 3 -v', pin: PIN };
    const made = await make(kernel, device, ceremony, undefined, '-c 3 -v');
    const env = { PARAMETERS: assertParameters(rpId, made.id) };
    const hidden = await fail(kernel, `fido2-assert -G -p -i <(printf %s "$PARAMETERS") ${device}`, { env });
    expect(hidden.stderr).toMatch(/FIDO_ERR_NO_CREDENTIALS/);
    await assert(kernel, device, { rpId, options: '-p -v', pin: PIN }, made, '-p -v');
  });

  it('takes a retry for a wrong PIN, and gives it back for the right one', async () => {
    const made = await make(kernel, device, { rpId, options: '-v', pin: PIN }, undefined, '-v');
    const retries = () => succeed(kernel, `fido2-token -I ${device} | sed -n 's/^pin retries: //p'`);
    const env = { PARAMETERS: assertParameters(rpId, made.id) };
    const wrong = `printf '%s\\n' 271828 | fido2-assert -G -v -i <(printf %s "$PARAMETERS") ${device}`;
    expect((await fail(kernel, wrong, { env })).stderr).toMatch(/FIDO_ERR_PIN_INVALID/);
    expect(await retries()).toBe('7\n');
    await assert(kernel, device, { rpId, options: '-p -v', pin: PIN }, made, '-p -v');
    expect(await retries()).toBe('8\n');
  });

  it('goes with its lab', async () => {
    expect((await lab.stop()).status).toBe(0);
    expect(await succeed(kernel, `test ! -e ${device}; fido2-token -L`)).toBe('');
  });
});

describe('a key that waits for a hand', () => {
  it('signs when it is touched, and says so when it is refused', async () => {
    const lab = await startLab(kernel, '--touch', 'manual', '--no-site');
    const device = lab.node;
    const [made, asked] = await Promise.all([make(kernel, device, { rpId }), lab.answer('touch')]);
    expect(asked).toMatchObject({ operation: 'makeCredential', rpId, userName: 'joe' });
    const [, again] = await Promise.all([
      assert(kernel, device, { rpId, options: '-p' }, made, '-p'),
      lab.answer('touch'),
    ]);
    expect(again).toMatchObject({ operation: 'getAssertion', rpId });

    const env = { PARAMETERS: assertParameters(rpId, made.id) };
    const [refused, said] = await Promise.all([
      fail(kernel, `fido2-assert -G -p -i <(printf %s "$PARAMETERS") ${device}`, { env }),
      succeed(kernel, `${CTAPLAB} touch --deny --wait 60000 --json`),
    ]);
    expect(refused.stderr).toMatch(/FIDO_ERR_OPERATION_DENIED/);
    expect(JSON.parse(said)).toMatchObject({ answer: 'denied', request: { operation: 'getAssertion', rpId } });

    const [u2f] = await Promise.all([make(kernel, device, { rpId, options: '-u' }), lab.answer('touch')]);
    expect(u2f.format).toBe('fido-u2f');
    await lab.stop();
  });

  it('is never touched under --touch deny', async () => {
    const lab = await startLab(kernel, '--touch', 'deny', '--no-site');
    const env = { PARAMETERS: `${'A'.repeat(43)}=\n${rpId}\njoe\nAAAA\n` };
    const refused = await fail(kernel, `fido2-cred -M -i <(printf %s "$PARAMETERS") ${lab.node}`, { env });
    expect(refused.stderr).toMatch(/FIDO_ERR_OPERATION_DENIED/);
    await lab.stop();
  });
});
