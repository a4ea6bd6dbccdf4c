/** A server's login guarded by passcodes: sshd asks PAM, and that asks the service, by RADIUS or by Duo's own module. */
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../ctap/bytes.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { report, succeed } from './commands.ts';
import type { ReadyService } from './duo/service.ts';
import { bootKernel, type JobResult } from './kernel.ts';

const kernel = await bootKernel();
const FOLDER = '/tmp/sshd-passcodes';
const PASSWORD = 'correct horse';
const SEED = utf8('12345678901234567890');
/** Seconds for a Node to come up in an emulated machine. */
const PATIENCE = 240;

const config = (port: number) => `
ListenAddress 127.0.0.1:${port}
HostKey ${FOLDER}/host
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
PubkeyAuthentication no
PermitRootLogin yes
LoginGraceTime 300
PidFile none
LogLevel VERBOSE
`;

const pam = (rule: string) => `
auth required ${rule}
account required pam_permit.so
session required pam_permit.so
`;

/** Keeps each question and answers it with the next line of the answers. */
const ASKPASS = `#!/bin/sh
printf '%s\\n' "$1" >>${FOLDER}/questions
sed -n 1p ${FOLDER}/answers
sed -i 1d ${FOLDER}/answers
`;

const service = await kernel.spawn(
  `exec node dist/test/system/duo/service.js ${FOLDER}/service root '${PASSWORD}' ${toHex(SEED)}`,
);
await kernel.writeFile(`${FOLDER}/askpass`, ASKPASS, 0o755);
const [line] = await service.waitForLine(/^\{.*\}$/, { timeout: PATIENCE });
const { host, ca, authApi, radius } = JSON.parse(line) as ReadyService;

await kernel.writeFile(`${FOLDER}/radius.conf`, `127.0.0.1:${radius.port} ${radius.secret} 60\n`, 0o600);
const duoConf = (secret: string) =>
  `[duo]\nhost = ${host}\nikey = ${authApi.key}\nskey = ${secret}\ncafile = ${ca}\nfailmode = secure\nprompts = 1\n`;
await kernel.writeFile(`${FOLDER}/pam_duo.conf`, duoConf(authApi.secret), 0o600);
await succeed(
  kernel,
  `ssh-keygen -q -t ed25519 -N '' -f host && mkdir -p /run/sshd && usermod -p '*' -s /bin/sh root &&
   echo 127.0.0.1 ${host.replace(/:.*/, '')} >>/etc/hosts`,
  { cwd: FOLDER },
);

/** Starts an sshd whose logins that rule of PAM decides. Its own name is the name of its PAM service. */
async function startServer(name: string, port: number, rule: string) {
  await kernel.writeFile(`/etc/pam.d/${name}`, pam(rule));
  await kernel.writeFile(`${FOLDER}/${name}.config`, config(port));
  await succeed(kernel, `cp /usr/sbin/sshd ${FOLDER}/${name}`);
  const sshd = await kernel.spawn(`exec ${FOLDER}/${name} -D -e -f ${FOLDER}/${name}.config`);
  await sshd.waitForLine(new RegExp(`^Server listening on 127\\.0\\.0\\.1 port ${port}\\.`));
}

/** Logs in and gives the answers in their order; resolves to the outcome, and what was asked. */
async function login(port: number, ...answers: string[]): Promise<{ result: JobResult; questions: string }> {
  await kernel.writeFile(`${FOLDER}/answers`, `${answers.join('\n')}\n`);
  const result = await kernel.run(
    `rm -f questions; ssh -F none -o UserKnownHostsFile=known_hosts -o StrictHostKeyChecking=accept-new \\
       -o KexAlgorithms=curve25519-sha256 -o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1 \\
       -p ${port} root@127.0.0.1 'echo logged in' </dev/null`,
    { cwd: FOLDER, env: { SSH_ASKPASS: `${FOLDER}/askpass`, SSH_ASKPASS_REQUIRE: 'force' } },
  );
  return { result, questions: await succeed(kernel, 'cat questions', { cwd: FOLDER }) };
}

async function refused(port: number, ...answers: string[]): Promise<void> {
  const { result } = await login(port, ...answers);
  expect(result.status, report(result)).toBe(255);
  expect(result.stderr).toMatch(/Permission denied \(keyboard-interactive\)/);
}

const code = (counter: number) => hotp(SEED, counter);

describe('pam_radius_auth', () => {
  const port = 2223;

  it('lets in who types password and passcode', async () => {
    await startServer('ctaplab-sshd-radius', port, `pam_radius_auth.so conf=${FOLDER}/radius.conf`);
    const { result, questions } = await login(port, `${PASSWORD},${code(0)}`);
    expect(result.stdout, report(result)).toBe('logged in\n');
    expect(questions).toMatch(/^\(root@127\.0\.0\.1\) Password: \n$/);
  });

  it('asks for the passcode after the password alone', async () => {
    const { result, questions } = await login(port, PASSWORD, code(1));
    expect(result.stdout, report(result)).toBe('logged in\n');
    expect(questions).toMatch(/Password: \n.*Enter a passcode of your hardware token:/);
  });

  it('refuses a passcode that was used, one that is wrong, and a wrong password', async () => {
    await refused(port, `${PASSWORD},${code(1)}`);
    await refused(port, PASSWORD, '000000');
    await refused(port, `wrong,${code(2)}`);
  });
});

describe('Duo’s own pam_duo', () => {
  const port = 2224;

  it('lets in who types a passcode, over TLS with the local authority', async () => {
    await startServer('ctaplab-sshd-duo', port, `pam_duo.so conf=${FOLDER}/pam_duo.conf`);
    const { result, questions } = await login(port, code(2));
    expect(result.stdout, report(result)).toBe('logged in\n');
    expect(questions).toMatch(/Duo login for root\s+Passcode:/);
  });

  it('refuses a passcode that was used, and one that is wrong', async () => {
    await refused(port, code(2));
    await refused(port, '000000');
  });

  it('refuses everybody where its own secret is wrong', async () => {
    await kernel.writeFile(`${FOLDER}/pam_duo.conf`, duoConf('x'.repeat(40)), 0o600);
    const result = await kernel.run(`printf '%s\\n' ${code(3)} | pamtester ctaplab-sshd-duo root authenticate`);
    expect(result.status, report(result)).not.toBe(0);
  });
});
