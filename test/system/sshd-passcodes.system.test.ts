/** A server's login guarded by passcodes: sshd asks PAM, pam_radius_auth asks the bridge. */
import { expect, it } from 'vitest';
import { toHex, utf8 } from '../../ctap/bytes.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { report, succeed } from './commands.ts';
import { bootKernel, type JobResult } from './kernel.ts';

const kernel = await bootKernel();
const FOLDER = '/tmp/sshd-radius';
const PORT = 2223;
const PASSWORD = 'correct horse';
const SEED = utf8('12345678901234567890');
/** sshd's own name is the name of its PAM service. */
const SERVICE = 'ctaplab-sshd';
/** Seconds for a Node to come up in an emulated machine. */
const PATIENCE = 180;

const CONFIG = `
ListenAddress 127.0.0.1:${PORT}
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

const PAM = `
auth required pam_radius_auth.so conf=${FOLDER}/radius.conf
account required pam_permit.so
session required pam_permit.so
`;

/** Keeps each question and answers it with the next line of the answers. */
const ASKPASS = `#!/bin/sh
printf '%s\\n' "$1" >>${FOLDER}/questions
sed -n 1p ${FOLDER}/answers
sed -i 1d ${FOLDER}/answers
`;

const bridge = await kernel.spawn(`exec node dist/test/system/radius/bridge.js root '${PASSWORD}' ${toHex(SEED)}`);
await kernel.writeFile(`${FOLDER}/sshd_config`, CONFIG);
await kernel.writeFile(`${FOLDER}/askpass`, ASKPASS, 0o755);
await kernel.writeFile(`/etc/pam.d/${SERVICE}`, PAM);
const [line] = await bridge.waitForLine(/^\{.*\}$/, { timeout: PATIENCE });
const { port, secret } = JSON.parse(line) as { port: number; secret: string };
await kernel.writeFile(`${FOLDER}/radius.conf`, `127.0.0.1:${port} ${secret} 60\n`, 0o600);
await succeed(
  kernel,
  `ssh-keygen -q -t ed25519 -N '' -f host && cp /usr/sbin/sshd ${SERVICE} && mkdir -p /run/sshd && usermod -p '*' -s /bin/sh root`,
  { cwd: FOLDER },
);
const sshd = await kernel.spawn(`exec ${FOLDER}/${SERVICE} -D -e -f ${FOLDER}/sshd_config`);
await sshd.waitForLine(/^Server listening on 127\.0\.0\.1 port 2223\./);

/** Logs in and gives the answers in their order; resolves to the outcome, and what was asked. */
async function login(...answers: string[]): Promise<{ result: JobResult; questions: string[] }> {
  await kernel.writeFile(`${FOLDER}/answers`, `${answers.join('\n')}\n`);
  const result = await kernel.run(
    `rm -f questions; ssh -F none -o UserKnownHostsFile=known_hosts -o StrictHostKeyChecking=accept-new \\
       -o KexAlgorithms=curve25519-sha256 -o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1 \\
       -p ${PORT} root@127.0.0.1 'echo logged in' </dev/null`,
    { cwd: FOLDER, env: { SSH_ASKPASS: `${FOLDER}/askpass`, SSH_ASKPASS_REQUIRE: 'force' } },
  );
  const questions = (await succeed(kernel, 'cat questions', { cwd: FOLDER })).trim().split('\n');
  return { result, questions: questions.map((question) => question.replace(/^\(.*?\) /, '').trim()) };
}

const code = (counter: number) => hotp(SEED, counter);

it('lets in who types password and passcode', async () => {
  const { result, questions } = await login(`${PASSWORD},${code(0)}`);
  expect(result.stdout, report(result)).toBe('logged in\n');
  expect(questions).toEqual(['Password:']);
});

it('asks for the passcode after the password alone', async () => {
  const { result, questions } = await login(PASSWORD, code(1));
  expect(result.stdout, report(result)).toBe('logged in\n');
  expect(questions).toEqual(['Password:', 'Enter a passcode of your hardware token:']);
});

it('refuses a passcode that was used, one that is wrong, and a wrong password', async () => {
  for (const answers of [[`${PASSWORD},${code(1)}`], [PASSWORD, '000000'], [`wrong,${code(2)}`]]) {
    const { result } = await login(...answers);
    expect(result.status, report(result)).toBe(255);
    expect(result.stderr).toMatch(/Permission denied \(keyboard-interactive\)/);
  }
  await sshd.waitForLine(/^Failed keyboard-interactive\/pam for root/);
});
