/** OpenSSH: keys that ssh-keygen makes on the security key, and logins with them through a real sshd. */
import { describe, expect, it } from 'vitest';
import { fail, report, succeed } from './commands.ts';
import { bootKernel, type JobResult } from './kernel.ts';
import { startLab } from './lab.ts';

const kernel = await bootKernel();
const FOLDER = '/tmp/openssh';
const PIN = '271828';
const PORT = 2222;

const CONFIG = `
ListenAddress 127.0.0.1:${PORT}
HostKey ${FOLDER}/host
AuthorizedKeysFile ${FOLDER}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
ExposeAuthInfo yes
PidFile none
LogLevel VERBOSE
`;

/** Answers every question with the PIN, and keeps the question. */
const ASKPASS = `#!/bin/sh
printf '%s\\n' "$1" >>${FOLDER}/questions
echo ${PIN}
`;

const env = { SSH_ASKPASS: `${FOLDER}/askpass`, SSH_ASKPASS_REQUIRE: 'force' };
const options = { cwd: FOLDER, env };

await kernel.writeFile(`${FOLDER}/sshd_config`, CONFIG);
await kernel.writeFile(`${FOLDER}/askpass`, ASKPASS, 0o755);
// Without PAM sshd lets nobody in whose password is locked, as root's may be on the host; bash would read its .bashrc.
await succeed(
  kernel,
  "ssh-keygen -q -t ed25519 -N '' -f host && touch authorized_keys && usermod -p '*' -s /bin/sh root",
  options,
);
const sshd = await kernel.spawn(`exec /usr/sbin/sshd -D -e -f ${FOLDER}/sshd_config`);
const lab = await startLab(kernel, '--touch', 'auto', '--no-site');
await succeed(kernel, `printf '%s\\n' ${PIN} ${PIN} | fido2-token -S ${lab.node}`);
await sshd.waitForLine(/^Server listening on 127\.0\.0\.1 port 2222\./);

/** Makes a key pair, whose public key the server then knows with `restrictions`; resolves to the public key. */
async function generate(name: string, type: string, more = '', restrictions = ''): Promise<string> {
  const publicKey = await succeed(
    kernel,
    `ssh-keygen -q -t ${type} ${more} -N '' -C ${name} -f ${name} </dev/null &&
     sed 's/^/${restrictions}/' ${name}.pub >>authorized_keys && cut -d' ' -f1,2 ${name}.pub`,
    options,
  );
  return publicKey.trimEnd();
}

// The quickest key exchange: the machine is emulated.
const loginWith = (name: string) =>
  `rm -f questions; ssh -F none -i ${name} -o IdentitiesOnly=yes -o UserKnownHostsFile=known_hosts \\
    -o StrictHostKeyChecking=accept-new -o KexAlgorithms=curve25519-sha256 -o PreferredAuthentications=publickey \\
    -p ${PORT} root@127.0.0.1 'cat "$SSH_USER_AUTH"' </dev/null`;

/** Logs in with a key; resolves to how sshd says that the user proved who they are, and how often a PIN was asked for. */
async function login(name: string): Promise<{ proof: string; pins: number }> {
  const stdout = await succeed(kernel, `${loginWith(name)} && { grep -c '^Enter PIN' questions || true; }`, options);
  const [proof = '', pins] = stdout.split('\n');
  return { proof, pins: Number(pins) };
}

const failLogin = (name: string): Promise<JobResult> => fail(kernel, loginWith(name), options);

describe.each([
  { type: 'ecdsa-sk', sshType: 'sk-ecdsa-sha2-nistp256@openssh.com' },
  { type: 'ed25519-sk', sshType: 'sk-ssh-ed25519@openssh.com' },
])('$type', ({ type, sshType }) => {
  it('logs in with a touch', async () => {
    const publicKey = await generate(`${type}-plain`, type);
    expect(publicKey).toMatch(new RegExp(`^${sshType} `));
    expect(await login(`${type}-plain`)).toEqual({ proof: `publickey ${publicKey}`, pins: 0 });
  });

  it('logs in with the PIN where the key is verify-required, and the server wants that', async () => {
    const name = `${type}-resident`;
    const more = `-O resident -O verify-required -O application=ssh:${name} -O user=ann`;
    const publicKey = await generate(name, type, more, 'verify-required ');
    expect(await login(name)).toEqual({ proof: `publickey ${publicKey}`, pins: 1 });
  });

  it('logs in without a touch where the key and the server allow that', async () => {
    const name = `${type}-no-touch`;
    const publicKey = await generate(name, type, '-O no-touch-required', 'no-touch-required ');
    expect(await login(name)).toEqual({ proof: `publickey ${publicKey}`, pins: 0 });
  });
});

describe('a key of the right kind', () => {
  it('is refused without a touch where the server wants one', async () => {
    await succeed(kernel, "sed -i 's/^no-touch-required //' authorized_keys", options);
    const refused = await failLogin('ed25519-sk-no-touch');
    expect(refused.stderr, report(refused)).toMatch(/Permission denied \(publickey\)/);
    await sshd.waitForLine(/user presence \(authenticator touch\) requirement not met/);
  });

  it('is refused while the security key is out', async () => {
    await lab.ask('POST', '/keys/1/remove');
    const refused = await failLogin('ecdsa-sk-plain');
    expect(refused.stderr, report(refused)).toMatch(/signing failed.*\n.*Permission denied \(publickey\)/s);
    await lab.ask('POST', '/keys/1/insert');
  });

  it('is refused with the wrong PIN', async () => {
    const wrong = ASKPASS.replace(PIN, '000000');
    await kernel.writeFile(`${FOLDER}/askpass`, wrong, 0o755);
    const refused = await failLogin('ed25519-sk-resident');
    await kernel.writeFile(`${FOLDER}/askpass`, ASKPASS, 0o755);
    expect(refused.stderr, report(refused)).toMatch(/signing failed.*incorrect passphrase/s);
  });
});

describe('resident keys', () => {
  it('are downloaded on another machine with the PIN alone, and log in from there', async () => {
    const elsewhere = `${FOLDER}/elsewhere`;
    await succeed(kernel, `mkdir ${elsewhere} && cd ${elsewhere} && ssh-keygen -K -N '' </dev/null`, options);
    const fileOf = (kind: string) => `${elsewhere}/id_${kind}_sk_rk_${kind}-sk-resident_ann`;
    for (const kind of ['ecdsa', 'ed25519']) {
      const files = `${FOLDER}/${kind}-sk-resident.pub ${fileOf(kind)}.pub`;
      const [made, downloaded] = (await succeed(kernel, `cut -d' ' -f1,2 ${files}`)).split('\n');
      expect(downloaded).toBe(made);
    }
    expect(await login(fileOf('ed25519'))).toMatchObject({ pins: 1 });
  });
});
