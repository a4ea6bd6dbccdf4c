"""Yubico's python-fido2 manages a key with a sensor: large blobs, fingers, settings.

The tests run in the order of their names: the last one makes the PIN good for nothing but its change.
"""
import os
import unittest
from hashlib import sha256

from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Config, Ctap2, FPBioEnrollment, LargeBlobs
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2
from fido2.hid import CtapHidDevice

RP = {'id': 'example.com', 'name': 'Example'}
ES256 = {'type': 'public-key', 'alg': -7}
PIN = '735917'
HASH = sha256(b'client data').digest()


class Management(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        devices = list(CtapHidDevice.list_devices())
        assert len(devices) == 1, f'expected one key, found {devices}'
        cls.device = devices[0]
        cls.ctap = Ctap2(cls.device, strict_cbor=True)
        ClientPin(cls.ctap).set_pin(PIN)
        cls.ctap = Ctap2(cls.device, strict_cbor=True)

    def token(self, protocol, permissions, rp_id=None):
        return ClientPin(self.ctap, protocol).get_pin_token(PIN, permissions, rp_id)

    def assertCtapError(self, code, call, *args, **kwargs):
        with self.assertRaises(CtapError) as raised:
            call(*args, **kwargs)
        self.assertEqual(raised.exception.code, code)

    def make(self, name, **extensions):
        protocol = PinProtocolV2()
        token = self.token(protocol, ClientPin.PERMISSION.MAKE_CREDENTIAL, RP['id'])
        return self.ctap.make_credential(
            HASH, RP, {'id': name.encode(), 'name': name}, [ES256], extensions=extensions, options={'rk': True},
            pin_uv_param=protocol.authenticate(token, HASH), pin_uv_protocol=protocol.VERSION,
        )

    def blobs(self, protocol, permission=ClientPin.PERMISSION.LARGE_BLOB_WRITE):
        return LargeBlobs(self.ctap, protocol, self.token(protocol, permission))

    def large_blobs(self, protocol):
        key = self.make('ann', largeBlobKey=True).large_blob_key
        other = self.make('bob', largeBlobKey=True).large_blob_key
        self.assertEqual(len(key), 32)
        self.assertNotEqual(key, other)
        blobs = self.blobs(protocol)
        self.assertIsNone(blobs.get_blob(key))
        blobs.put_blob(key, b'of Ann')
        blobs.put_blob(other, b'of Bob')
        blobs.put_blob(key, b'of Ann, again')
        self.assertEqual(blobs.get_blob(key), b'of Ann, again')
        self.assertEqual(LargeBlobs(self.ctap).get_blob(other), b'of Bob')  # reading takes no token
        self.assertEqual(len(blobs.read_blob_array()), 2)
        self.assertCtapError(
            CtapError.ERR.PIN_AUTH_INVALID,
            self.blobs(protocol, ClientPin.PERMISSION.CREDENTIAL_MGMT).delete_blob, key,
        )
        self.assertEqual(blobs.get_blob(key), b'of Ann, again')
        blobs = self.blobs(protocol)
        blobs.delete_blob(key)
        blobs.delete_blob(other)
        self.assertEqual(blobs.read_blob_array(), [])

    def test_1_large_blobs_protocol_one(self):
        self.large_blobs(PinProtocolV1())

    def test_1_large_blobs_protocol_two(self):
        self.large_blobs(PinProtocolV2())

    def test_2_large_blob_too_large(self):
        blobs = self.blobs(PinProtocolV2())
        room = self.ctap.info.max_large_blob
        self.assertCtapError(
            CtapError.ERR.LARGE_BLOB_STORAGE_FULL, self.ctap.large_blobs, 0, set=os.urandom(1000), length=room + 1,
        )
        self.assertEqual(blobs.read_blob_array(), [])

    def test_3_cred_blob(self):
        data = self.make('cid', credBlob=b'32 bytes at most').auth_data
        self.assertEqual(data.extensions, {'credBlob': True})
        allowed = [{'type': 'public-key', 'id': data.credential_data.credential_id}]
        assertion = self.ctap.get_assertion(RP['id'], HASH, allowed, extensions={'credBlob': True})
        assertion.verify(HASH, data.credential_data.public_key)
        self.assertEqual(assertion.auth_data.extensions, {'credBlob': b'32 bytes at most'})

    def fingers(self, protocol):
        return FPBioEnrollment(self.ctap, protocol, self.token(protocol, ClientPin.PERMISSION.BIO_ENROLL))

    def enroll(self, bio):
        """Enrols a finger; its template id and how many samples that took."""
        context = bio.enroll()
        samples = 1
        while context.capture() is None:
            samples += 1
        return context.template_id, samples

    def bio_enrollment(self, protocol):
        bio = self.fingers(protocol)
        info = bio.get_fingerprint_sensor_info()
        self.assertEqual(info[FPBioEnrollment.RESULT.FINGERPRINT_KIND], 1)
        self.assertEqual(bio.enumerate_enrollments(), {})
        thumb, samples = self.enroll(bio)
        self.assertEqual(samples, info[FPBioEnrollment.RESULT.MAX_SAMPLES_REQUIRED])
        bio.set_name(thumb, 'thumb')
        index, _ = self.enroll(bio)
        bio.set_name(index, 'Zeigefinger')
        self.assertEqual(bio.enumerate_enrollments(), {thumb: 'thumb', index: 'Zeigefinger'})
        self.assertTrue(self.ctap.get_info().options['bioEnroll'])
        self.assertCtapError(CtapError.ERR.INVALID_OPTION, bio.remove_enrollment, b'unknown')
        half = bio.enroll()
        self.assertIsNone(half.capture())
        half.cancel()
        self.assertCtapError(CtapError.ERR.INVALID_OPTION, bio.enroll_capture_next, b'unknown')

    def test_4_fingers_protocol_one(self):
        self.bio_enrollment(PinProtocolV1())
        bio = self.fingers(PinProtocolV1())
        for finger in bio.enumerate_enrollments():
            bio.remove_enrollment(finger)
        self.assertFalse(self.ctap.get_info().options['bioEnroll'])

    def test_4_fingers_protocol_two(self):
        self.bio_enrollment(PinProtocolV2())

    def test_5_token_by_finger(self):
        pin = ClientPin(self.ctap)
        self.assertEqual(pin.get_uv_retries()[0], 3)
        token = pin.get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, RP['id'])
        parameter = pin.protocol.authenticate(token, HASH)
        assertion = self.ctap.get_assertion(
            RP['id'], HASH, pin_uv_param=parameter, pin_uv_protocol=pin.protocol.VERSION
        )
        self.assertTrue(assertion.auth_data.is_user_verified())

    def config(self, protocol):
        return Config(self.ctap, protocol, self.token(protocol, ClientPin.PERMISSION.AUTHENTICATOR_CFG))

    def settings(self, protocol):
        config = self.config(protocol)
        config.toggle_always_uv()
        self.assertTrue(self.ctap.get_info().options['alwaysUv'])
        config.toggle_always_uv()
        self.assertFalse(self.ctap.get_info().options['alwaysUv'])

    def test_6_settings_protocol_one(self):
        self.settings(PinProtocolV1())

    def test_6_settings_protocol_two(self):
        self.settings(PinProtocolV2())

    def test_7_enterprise_attestation(self):
        config = self.config(PinProtocolV2())
        self.assertFalse(self.ctap.get_info().options['ep'])
        config._call(Config.CMD.ENABLE_ENTERPRISE_ATT)  # the class has no method for it
        self.assertTrue(self.ctap.get_info().options['ep'])

    def test_8_minimum_pin_length(self):
        config = self.config(PinProtocolV2())
        config.set_min_pin_length(6, [RP['id']])
        self.assertEqual(self.ctap.get_info().min_pin_length, 6)
        self.assertEqual(self.make('dee', minPinLength=True).auth_data.extensions, {'minPinLength': 6})
        # that was another token: the one before is void
        self.assertCtapError(CtapError.ERR.PIN_AUTH_INVALID, config.set_min_pin_length, 8)
        config = self.config(PinProtocolV2())
        self.assertCtapError(CtapError.ERR.PIN_POLICY_VIOLATION, config.set_min_pin_length, 5)

    def test_9_forced_change(self):
        self.config(PinProtocolV2()).set_min_pin_length(force_change_pin=True)
        self.assertTrue(self.ctap.get_info().force_pin_change)
        self.assertCtapError(
            CtapError.ERR.PIN_POLICY_VIOLATION,
            self.token, PinProtocolV2(), ClientPin.PERMISSION.CREDENTIAL_MGMT,
        )
        pin = ClientPin(self.ctap)
        pin.change_pin(PIN, '28461937')
        self.assertFalse(self.ctap.get_info().force_pin_change)


if __name__ == '__main__':
    unittest.main(verbosity=2)
