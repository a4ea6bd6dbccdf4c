"""Registers and signs in with the key in the first card reader, by Yubico's library over PC/SC; prints what it saw as JSON."""
import hashlib
import json

from fido2.ctap2 import Ctap2
from fido2.pcsc import CtapPcscDevice

devices = list(CtapPcscDevice.list_devices())
assert len(devices) == 1, devices
ctap2 = Ctap2(devices[0])
client_data_hash = hashlib.sha256(b"client data").digest()
made = ctap2.make_credential(
    client_data_hash,
    {"id": "example.com", "name": "Example"},
    {"id": b"user", "name": "user"},
    [{"type": "public-key", "alg": -7}],
    options={"rk": True},
)
made_data = made.auth_data
asserted = ctap2.get_assertion("example.com", client_data_hash)
asserted.verify(client_data_hash, made_data.credential_data.public_key)
print(json.dumps({"versions": ctap2.info.versions, "format": made.fmt, "counter": asserted.auth_data.counter}))
