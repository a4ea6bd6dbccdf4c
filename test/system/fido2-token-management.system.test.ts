/** libfido2's fido2-token on a key with everything: large blobs, fingers, settings; and our own verbs beside it. */
import { describe, expect, it } from 'vitest';
import { fail, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB, startLab } from './lab.ts';
import { make } from './libfido2.ts';

const kernel = await bootKernel();
const lab = await startLab(kernel, '--model', 'ctap2.3-everything', '--touch', 'auto', '--no-site');
const device = lab.node;
const PIN = '735917';
const FOLDER = '/tmp/fido2-token-management';
await succeed(kernel, `mkdir -p ${FOLDER} && echo ${PIN} >${FOLDER}/pin`);

/** A fido2-token command that asks for the PIN and gets it on stdin. */
const withPin = (options: string) => `fido2-token ${options} <${FOLDER}/pin`;
/** Our own verb, with the same PIN. */
const own = (words: string) => `${CTAPLAB} ${words} lab:1 --pin-file ${FOLDER}/pin`;

/** The lines of fido2-token -I, by what stands before the colon. */
async function info(): Promise<Map<string, string>> {
  const stdout = await succeed(kernel, `fido2-token -I ${device}`);
  return new Map(stdout.split('\n').map((line) => [line.split(': ', 1)[0]!, line.slice(line.indexOf(': ') + 2)]));
}

const options = async () => (await info()).get('options')!.split(', ');

it('sets the PIN that all that follows asks for', async () => {
  await succeed(kernel, `printf '%s\\n' ${PIN} ${PIN} | fido2-token -S ${device}`);
  expect(await options()).toContain('clientPin');
});

describe('fido2-token and fingers', () => {
  /** The enrolled fingers: ids in base64, and names. */
  const list = async () =>
    [...(await succeed(kernel, withPin(`-L -e ${device}`))).matchAll(/\d\d: (\S+) (.*)$/gm)].map(([, id, name]) => ({
      id: id!,
      name: name!,
    }));

  it('enrols one, sample by sample', async () => {
    const printed = await info();
    expect([printed.get('sensor type'), printed.get('max samples')]).toEqual(['1 (touch)', '3']);
    const said = await succeed(kernel, withPin(`-S -e ${device}`));
    expect(said.match(/Sample ok\./g)).toHaveLength(3);
    expect(await options()).toEqual(expect.arrayContaining(['bioEnroll', 'uv', 'userVerificationMgmtPreview']));
  });

  it('names, lists and deletes them', async () => {
    await succeed(kernel, withPin(`-S -e ${device}`));
    const [first, second] = await list();
    await succeed(kernel, withPin(`-S -e -i '${first!.id}' -n 'left thumb' ${device}`));
    expect(await list()).toEqual([{ id: first!.id, name: 'left thumb' }, second]);
    await succeed(kernel, withPin(`-D -e -i '${first!.id}' ${device}`));
    await succeed(kernel, withPin(`-D -e -i '${second!.id}' ${device}`));
    expect((await fail(kernel, withPin(`-L -e ${device}`))).stderr).toMatch(/FIDO_ERR_INVALID_OPTION/);
    expect(await options()).toEqual(expect.arrayContaining(['nobioEnroll', 'nouv']));
  });
});

describe('fido2-token and large blobs', () => {
  // libfido2 seals nothing that compresses to fewer than 16 bytes
  const TEXT = 'a certificate that a site has left here';

  it('stores, reads, lists and deletes the blob of a credential', async () => {
    const rp = { rpId: 'blob.example', options: '-r -b -v', pin: PIN };
    await make(kernel, device, rp, undefined, '-v');
    const stored = `printf %s '${TEXT}' >${FOLDER}/blob && ${withPin(`-S -b -n blob.example ${FOLDER}/blob ${device}`)}`;
    await succeed(kernel, stored);
    await succeed(kernel, withPin(`-G -b -n blob.example ${FOLDER}/read ${device}`));
    expect(await succeed(kernel, `cat ${FOLDER}/read`)).toBe(TEXT);
    // whose it is this version does not tell: it expects zlib's frame around what it has written without
    const listed = await succeed(kernel, withPin(`-L -b ${device}`));
    expect(listed).toMatch(new RegExp(`^00: +\\d+ +${TEXT.length} `, 'm'));
    await succeed(kernel, withPin(`-D -b -n blob.example ${device}`));
    expect(await succeed(kernel, withPin(`-L -b ${device}`))).not.toMatch(/^00:/m);
  });

  it('reads what our own client has stored, in fragments, and the other way round', async () => {
    const bytes = `head -c 5000 /dev/urandom >${FOLDER}/long`;
    await succeed(kernel, `${bytes} && ${own(`blobs set blob.example ${FOLDER}/long`)}`);
    const read = `${withPin(`-G -b -n blob.example ${FOLDER}/copy ${device}`)} && cmp ${FOLDER}/long ${FOLDER}/copy`;
    await succeed(kernel, read);
    await succeed(kernel, `${bytes} && ${withPin(`-S -b -n blob.example ${FOLDER}/long ${device}`)}`);
    await succeed(kernel, `${own(`blobs get blob.example --out ${FOLDER}/own`)} && cmp ${FOLDER}/long ${FOLDER}/own`);
  });

  it('keeps blobs under keys of its own, and says when the room is used up', async () => {
    const key = `head -c 32 /dev/urandom | base64 >${FOLDER}/key`;
    await succeed(kernel, `${key} && ${withPin(`-S -b -k ${FOLDER}/key ${FOLDER}/blob ${device}`)}`);
    await succeed(kernel, `fido2-token -G -b -k ${FOLDER}/key ${FOLDER}/read ${device} </dev/null`);
    expect(await succeed(kernel, `cat ${FOLDER}/read`)).toBe(TEXT);
    // its credential is none: ours cleans up
    expect(JSON.parse(await succeed(kernel, `${own('blobs clean')} --json`))).toMatchObject({ deleted: 1 });
    const gone = await fail(kernel, `fido2-token -G -b -k ${FOLDER}/key ${FOLDER}/read ${device} </dev/null`);
    expect(gone.stderr).toMatch(/FIDO_ERR_NOTFOUND/);
    const large = `head -c 17000 /dev/urandom >${FOLDER}/large; ${withPin(`-S -b -k ${FOLDER}/key ${FOLDER}/large ${device}`)}`;
    expect((await fail(kernel, large)).stderr).toMatch(/FIDO_ERR_LARGEBLOB_STORAGE_FULL/);
  });
});

describe('fido2-token and settings', () => {
  it('always asks for verification, and no longer', async () => {
    await succeed(kernel, withPin(`-S -u ${device}`));
    expect(await options()).toEqual(expect.arrayContaining(['alwaysUv', 'nomakeCredUvNotRqd']));
    expect((await info()).get('version strings')).not.toContain('U2F_V2');
    await succeed(kernel, withPin(`-D -u ${device}`));
    expect(await options()).toEqual(expect.arrayContaining(['noalwaysUv', 'makeCredUvNotRqd']));
  });

  it('enables enterprise attestation', async () => {
    expect(await options()).toContain('noep');
    await succeed(kernel, withPin(`-S -a ${device}`));
    expect(await options()).toContain('ep');
  });

  it('raises the least length of a PIN, never lowers it, and tells it to the relying parties named', async () => {
    await succeed(kernel, withPin(`-S -m policy.example,other.example ${device}`));
    await succeed(kernel, withPin(`-S -l 6 ${device}`));
    expect((await info()).get('minpinlen')).toBe('6');
    const lower = await fail(kernel, withPin(`-S -l 5 ${device}`));
    expect(lower.stderr).toMatch(/FIDO_ERR_PIN_POLICY_VIOLATION/);
  });

  it('forces a change of the PIN', async () => {
    await succeed(kernel, withPin(`-S -f ${device}`));
    expect((await info()).get('pin change required')).toBe('true');
    expect((await fail(kernel, withPin(`-L -r ${device}`))).stderr).toMatch(/FIDO_ERR_PIN_POLICY_VIOLATION/);
    await succeed(kernel, `printf '%s\\n' ${PIN} 28461937 28461937 | fido2-token -C ${device}`);
    expect((await info()).get('pin change required')).toBe('false');
  });
});
