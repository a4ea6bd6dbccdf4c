"""Yubico's python-fido2 before a security key that is touched at once: it judges every answer with its own code.

The tests run in the order of their names: the key has no PIN at first.
"""
import os
import unittest
from hashlib import sha256

from fido2.attestation import FidoU2FAttestation, PackedAttestation
from fido2.client import ClientError, Fido2Client
from fido2.cose import ES256, EdDSA
from fido2.ctap import CtapError
from fido2.ctap1 import APDU, ApduError, Ctap1
from fido2.ctap2 import AttestationObject, ClientPin, CredentialManagement, Ctap2
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2
from fido2.hid import CAPABILITY, CTAPHID, CtapHidDevice
from fido2.server import Fido2Server

RP = {'id': 'example.com', 'name': 'Example'}
USER = {'id': b'user of python', 'name': 'py', 'displayName': 'Python'}
ORIGIN = 'https://example.com'
PIN = 'first-pin'
NEXT_PIN = 'second-pin'


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        devices = list(CtapHidDevice.list_devices())
        assert len(devices) == 1, f'expected one key, found {devices}'
        cls.device = devices[0]
        cls.ctap = Ctap2(cls.device, strict_cbor=True)
        cls.hash = sha256(b'client data').digest()

    def register(self, server, client, pin=None, **begin):
        """A whole registration, with the attestation verified; the authenticator data."""
        options, state = server.register_begin(USER, **begin)
        result = client.make_credential(options['publicKey'], pin=pin)
        attestation = result.attestation_object
        PackedAttestation().verify(attestation.att_statement, attestation.auth_data, result.client_data.hash)
        return server.register_complete(state, result.client_data, attestation)

    def authenticate(self, server, client, credentials, pin=None, resident=False, **begin):
        """A whole authentication, verified; the response."""
        options, state = server.authenticate_begin(None if resident else credentials, **begin)
        result = client.get_assertion(options['publicKey'], pin=pin).get_response(0)
        server.authenticate_complete(
            state, credentials, result.credential_id, result.client_data, result.authenticator_data, result.signature
        )
        return result

    def token(self, protocol, permissions, rp_id=None, pin=NEXT_PIN):
        return ClientPin(self.ctap, protocol).get_pin_token(pin, permissions, rp_id)

    def assertCtapError(self, code, call, *args, **kwargs):
        with self.assertRaises(CtapError) as raised:
            call(*args, **kwargs)
        self.assertEqual(raised.exception.code, code)

    def test_1_hid(self):
        descriptor = self.device.descriptor
        self.assertEqual((descriptor.vid, descriptor.pid), (0x349E, 0x0022))
        self.assertEqual((descriptor.report_size_in, descriptor.report_size_out), (64, 64))
        self.assertEqual(self.device.capabilities, CAPABILITY.WINK | CAPABILITY.CBOR)
        self.assertEqual(self.device.call(CTAPHID.WINK), b'')
        for size in (0, 57, 58, 1650):  # the last is the longest message that fits the kernel's queue
            data = os.urandom(size)
            self.assertEqual(self.device.call(CTAPHID.PING, data), data)

    def test_2_webauthn_without_pin(self):
        server = Fido2Server(RP, attestation='direct', verify_attestation=lambda *_: None)
        client = Fido2Client(self.device, ORIGIN)
        registered = self.register(server, client, user_verification='discouraged')
        self.assertEqual(registered.credential_data.aaguid.hex(), 'ab32f0c62239afbbc470d2ef4e254db7')
        result = self.authenticate(server, client, [registered.credential_data], user_verification='discouraged')
        self.assertGreater(result.authenticator_data.counter, registered.counter)
        self.assertFalse(result.authenticator_data.is_user_verified())
        with self.assertRaises(ClientError) as raised:
            self.register(server, client, credentials=[registered.credential_data], user_verification='discouraged')
        self.assertEqual(raised.exception.code, ClientError.ERR.DEVICE_INELIGIBLE)

    def test_3_eddsa(self):
        made = self.ctap.make_credential(self.hash, RP, USER, [{'type': 'public-key', 'alg': EdDSA.ALGORITHM}])
        data = made.auth_data.credential_data
        self.assertIsInstance(data.public_key, EdDSA)
        allowed = [{'type': 'public-key', 'id': data.credential_id}]
        self.ctap.get_assertion(RP['id'], self.hash, allowed).verify(self.hash, data.public_key)

    def test_4_u2f(self):
        ctap1 = Ctap1(self.device)
        self.assertEqual(ctap1.get_version(), 'U2F_V2')
        application = sha256(ORIGIN.encode()).digest()
        registration = ctap1.register(self.hash, application)
        registration.verify(application, self.hash)
        attestation = AttestationObject.from_ctap1(application, registration)
        FidoU2FAttestation().verify(attestation.att_statement, attestation.auth_data, self.hash)
        with self.assertRaises(ApduError) as raised:
            ctap1.authenticate(self.hash, application, registration.key_handle, check_only=True)
        self.assertEqual(raised.exception.code, APDU.USE_NOT_SATISFIED)
        signed = ctap1.authenticate(self.hash, application, registration.key_handle)
        signed.verify(application, self.hash, registration.public_key)
        self.assertEqual(signed.user_presence, 1)
        with self.assertRaises(ApduError) as raised:
            ctap1.authenticate(self.hash, sha256(b'other').digest(), registration.key_handle)
        self.assertEqual(raised.exception.code, APDU.WRONG_DATA)

    def test_5_pin(self):
        one = ClientPin(self.ctap, PinProtocolV1())
        two = ClientPin(self.ctap, PinProtocolV2())
        self.assertCtapError(CtapError.ERR.PIN_NOT_SET, two.get_pin_token, PIN, 1, RP['id'])
        one.set_pin(PIN)
        self.assertTrue(self.ctap.get_info().options['clientPin'])
        self.assertCtapError(CtapError.ERR.PIN_INVALID, two.change_pin, NEXT_PIN, NEXT_PIN)
        self.assertEqual(two.get_pin_retries()[0], 7)
        two.change_pin(PIN, NEXT_PIN)
        self.assertEqual(one.get_pin_retries()[0], 8)
        self.assertCtapError(CtapError.ERR.PIN_INVALID, one.get_pin_token, PIN, 1, RP['id'])
        # The token of ClientPin in a version that knows no permissions.
        one._supports_permissions = False
        self.assertEqual(len(one.get_pin_token(NEXT_PIN)), 32)

    def make_with_pin(self, protocol, user, **options):
        token = self.token(protocol, ClientPin.PERMISSION.MAKE_CREDENTIAL, RP['id'])
        parameter = protocol.authenticate(token, self.hash)
        algorithms = [{'type': 'public-key', 'alg': ES256.ALGORITHM}]
        return self.ctap.make_credential(
            self.hash, RP, user, algorithms, options=options or None,
            pin_uv_param=parameter, pin_uv_protocol=protocol.VERSION,
        ).auth_data

    def verify_with_pin(self, protocol):
        made = self.make_with_pin(protocol, USER)
        self.assertTrue(made.is_user_verified())
        token = self.token(protocol, ClientPin.PERMISSION.GET_ASSERTION, RP['id'])
        allowed = [{'type': 'public-key', 'id': made.credential_data.credential_id}]
        assertion = self.ctap.get_assertion(
            RP['id'], self.hash, allowed,
            pin_uv_param=protocol.authenticate(token, self.hash), pin_uv_protocol=protocol.VERSION,
        )
        assertion.verify(self.hash, made.credential_data.public_key)
        self.assertTrue(assertion.auth_data.is_user_verified())
        # A token for one thing is none for another.
        self.assertCtapError(
            CtapError.ERR.PIN_AUTH_INVALID, self.ctap.make_credential, self.hash, RP, USER,
            [{'type': 'public-key', 'alg': ES256.ALGORITHM}],
            pin_uv_param=protocol.authenticate(token, self.hash), pin_uv_protocol=protocol.VERSION,
        )

    def test_6_pin_protocol_one(self):
        self.verify_with_pin(PinProtocolV1())

    def test_6_pin_protocol_two(self):
        self.verify_with_pin(PinProtocolV2())

    def test_7_webauthn_with_pin(self):
        server = Fido2Server(RP, attestation='direct', verify_attestation=lambda *_: None)
        client = Fido2Client(self.device, ORIGIN)
        registered = self.register(server, client, pin=NEXT_PIN, resident_key=True, user_verification='required')
        result = self.authenticate(
            server, client, [registered.credential_data], pin=NEXT_PIN, resident=True, user_verification='required'
        )
        self.assertEqual(result.user_handle, USER['id'])
        with self.assertRaises(ClientError):
            self.authenticate(server, client, [registered.credential_data], pin='not it')

    def test_8_credential_management(self):
        protocol = PinProtocolV2()
        for name in ('ann', 'bob'):
            self.make_with_pin(protocol, {'id': name.encode(), 'name': name}, rk=True)

        def management():
            return CredentialManagement(
                self.ctap, protocol, self.token(protocol, ClientPin.PERMISSION.CREDENTIAL_MGMT)
            )

        result = CredentialManagement.RESULT
        manager = management()
        count = manager.get_metadata()[result.EXISTING_CRED_COUNT]
        self.assertEqual(count, 3)
        self.assertEqual([rp[result.RP]['id'] for rp in manager.enumerate_rps()], [RP['id']])
        rp_hash = sha256(RP['id'].encode()).digest()
        found = {entry[result.USER]['id']: entry[result.CREDENTIAL_ID] for entry in manager.enumerate_creds(rp_hash)}
        self.assertEqual(set(found), {b'ann', b'bob', USER['id']})

        token = self.token(protocol, ClientPin.PERMISSION.GET_ASSERTION, RP['id'])
        parameter = protocol.authenticate(token, self.hash)
        assertions = self.ctap.get_assertions(
            RP['id'], self.hash, pin_uv_param=parameter, pin_uv_protocol=protocol.VERSION
        )
        # The latest first, and with the names, as there are several.
        self.assertEqual([each.user['id'] for each in assertions], [b'bob', b'ann', USER['id']])
        self.assertEqual(assertions[0].user['name'], 'bob')

        manager = management()
        manager.update_user_info(found[b'ann'], {'id': b'ann', 'name': 'anna', 'displayName': 'Anna'})
        manager.delete_cred(found[b'bob'])
        users = [entry[result.USER] for entry in manager.enumerate_creds(rp_hash)]
        self.assertIn({'id': b'ann', 'name': 'anna', 'displayName': 'Anna'}, users)
        self.assertEqual(manager.get_metadata()[result.EXISTING_CRED_COUNT], 2)

    def test_9_hmac_secret(self):
        client = Fido2Client(self.device, ORIGIN)
        server = Fido2Server(RP)
        options, state = server.register_begin(USER, user_verification='required')
        options['publicKey']['extensions'] = {'hmacCreateSecret': True}
        made = client.make_credential(options['publicKey'], pin=NEXT_PIN)
        self.assertEqual(made.extension_results, {'hmacCreateSecret': True})
        credential = server.register_complete(state, made.client_data, made.attestation_object).credential_data

        def secrets(**salts):
            options, _ = server.authenticate_begin([credential], user_verification='required')
            options['publicKey']['extensions'] = {'hmacGetSecret': salts}
            answer = client.get_assertion(options['publicKey'], pin=NEXT_PIN).get_response(0)
            return answer.extension_results['hmacGetSecret']

        first, second = b'1' * 32, b'2' * 32
        both = secrets(salt1=first, salt2=second)
        self.assertEqual(len(both['output1']), 32)
        self.assertNotEqual(both['output1'], both['output2'])
        self.assertEqual(secrets(salt1=second)['output1'], both['output2'])


if __name__ == '__main__':
    unittest.main(verbosity=2)
