/**
 * What a user of the package would write: finds the one key that is plugged in, over node-hid, with a PIN that is set
 * already (its first argument), and makes and uses credentials. Prints one JSON document.
 */
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { Permission } from 'ctaplab/ctap';
import {
  Ctap1Client,
  Ctap2Client,
  CtapHidDevice,
  discover,
  openHidraw,
  PasskeysClient,
  PinClient,
  WebAuthnClient,
} from 'ctaplab/harness';

const pin = process.argv[2];
const origin = 'https://example.com';
const rp = { id: 'example.com', name: 'Example' };
const hash = (data) => createHash('sha256').update(data).digest();

const keys = await discover();
const device = await CtapHidDevice.open(await openHidraw(keys[0].path));
const ctap2 = new Ctap2Client(device);

/** The commands one by one: PIN protocols one and two, a discoverable credential, and the signature checked by OpenSSL. */
async function commands() {
  const flags = [];
  for (const protocol of [1, 2]) {
    const pinClient = new PinClient(ctap2, { protocol });
    const clientDataHash = hash(`client data ${protocol}`);
    const permissions = Permission.makeCredential | Permission.getAssertion;
    const token = await pinClient.getPinUvAuthToken({ pin, permissions, rpId: rp.id });
    const authorized = { pinUvAuthProtocol: protocol, pinUvAuthParam: token.authenticate(clientDataHash) };
    const made = await ctap2.makeCredential({
      clientDataHash,
      rp,
      user: { id: randomBytes(16), name: `user ${protocol}`, displayName: `User ${protocol}` },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      options: { rk: true },
      ...authorized,
    });
    const fresh = await pinClient.getPinUvAuthToken({ pin, permissions: Permission.getAssertion, rpId: rp.id });
    const { authData, signature, credential } = await ctap2.getAssertion({
      rpId: rp.id,
      clientDataHash,
      pinUvAuthProtocol: protocol,
      pinUvAuthParam: fresh.authenticate(clientDataHash),
    });
    const id = credential.id;
    const [x, y] = coordinates(made.authData, id.length);
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    flags.push({
      protocol,
      flags: authData[32],
      newestFirst: Buffer.from(made.authData).includes(Buffer.from(id)),
      verified: verify('sha256', Buffer.concat([authData, clientDataHash]), key, signature),
    });
  }
  return flags;
}

/** X and Y at the end of the authenticator data of a new P-256 credential, as a JSON Web Key has them. */
function coordinates(authData) {
  const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
  return [base64url(authData.subarray(-67, -35)), base64url(authData.subarray(-32))];
}

async function passkeys() {
  const token = await new PinClient(ctap2).getPinUvAuthToken({ pin, permissions: Permission.credentialManagement });
  const client = new PasskeysClient(ctap2, token);
  const [{ rp: found, rpIdHash }] = await client.rps();
  const users = (await client.credentials(rpIdHash)).map(({ user }) => user.name);
  return { ...(await client.metadata()), rp: found.id, users: users.sort() };
}

async function u2f() {
  const ctap1 = new Ctap1Client(device);
  const application = hash(origin);
  const challenge = hash('challenge');
  const { keyHandle } = await ctap1.register({ application, challenge });
  const { userPresence, counter } = await ctap1.authenticate({ application, challenge, keyHandle });
  return {
    version: await ctap1.version(),
    known: await ctap1.knows({ application, keyHandle }),
    userPresence,
    counted: counter > 0,
  };
}

/** As a browser does, judged by @simplewebauthn/server. */
async function webauthn() {
  const asked = [];
  const ui = {
    pin: ({ reason, attempts }) => {
      asked.push(`${reason} ${attempts}`);
      return pin;
    },
  };
  const client = new WebAuthnClient({ origin, authenticators: device, ui });
  const expected = { expectedOrigin: origin, expectedRPID: rp.id, requireUserVerification: true };
  const challenge = randomBytes(32).toString('base64url');
  const created = await client.create({
    rp,
    user: { id: 'dXNlcg', name: 'web', displayName: 'Web' },
    challenge,
    pubKeyCredParams: [{ type: 'public-key', alg: -8 }],
    authenticatorSelection: { userVerification: 'required', residentKey: 'required' },
    attestation: 'direct',
  });
  const registration = await verifyRegistrationResponse({
    response: created,
    expectedChallenge: challenge,
    ...expected,
  });
  const { credential, fmt } = registration.registrationInfo;
  const next = randomBytes(32).toString('base64url');
  const got = await client.get({ challenge: next, rpId: rp.id, userVerification: 'required' });
  const signIn = await verifyAuthenticationResponse({
    response: got,
    expectedChallenge: next,
    credential,
    ...expected,
  });
  return {
    registered: registration.verified,
    fmt,
    signedIn: signIn.verified,
    userHandle: got.response.userHandle,
    asked,
  };
}

try {
  console.log(
    JSON.stringify({
      keys,
      commands: await commands(),
      passkeys: await passkeys(),
      u2f: await u2f(),
      webauthn: await webauthn(),
    }),
  );
} finally {
  await device.close();
}
