"""Runs the Admin API and the Auth API by Duo's client for Python; takes a service as JSON, prints what it saw as JSON."""
import hashlib
import json
import socket
import sys

import duo_client

service = json.loads(sys.argv[1])
codes = service["codes"]
name, port = service["host"].split(":")

# Names under localhost are this machine, which not every resolver knows.
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: resolve("127.0.0.1" if host == name else host, *rest, **more)


def client(kind, keys, version=2):
    # Version 2 signs by SHA-1 here, version 4 covers a body of JSON and wants SHA-512.
    digest = hashlib.sha1 if version == 2 else hashlib.sha512
    made = kind(keys["key"], keys["secret"], name, ca_certs=service["ca"], sig_version=version, digestmod=digest)
    made.port = int(port)
    return made


def refusal(call):
    try:
        call()
    except RuntimeError as error:
        return [error.status, error.data["code"], error.data.get("message_detail")]
    raise AssertionError("expected a refusal")


seen = {}
for version in (2, 4):
    admin = client(duo_client.Admin, service["adminApi"], version)
    auth = client(duo_client.Auth, service["authApi"], version)
    user = admin.add_user("user%d" % version, realname="Zoë (*) ~ 'n' Söhne!")
    token = admin.add_hotp6_token("serial%d" % version, service["seed"])
    admin.add_user_token(user["user_id"], token["token_id"])
    admin.resync_hotp_token(token["token_id"], *codes[:3])
    signed_in = auth.auth("passcode", username=user["username"], passcode=codes[3])
    again = auth.auth("passcode", username=user["username"], passcode=codes[3])
    totp = admin.add_totp8_token("totp%d" % version, service["seed"], totp_step=60)
    seen[version] = {
        "check": auth.check(),
        "realname": admin.get_users_by_name(user["username"])[0]["realname"],
        "tokens": [one["serial"] for one in admin.get_user_tokens(user["user_id"])],
        "preauth": auth.preauth(username=user["username"])["result"],
        "signed_in": signed_in["result"],
        "again": again["result"],
        "totp_step": admin.update_token(totp["token_id"], totp_step="30")["totp_step"],
        "all_users": len(list(admin.get_users_iterator())),
        "two_tokens": len(admin.get_tokens(limit=2)),
        "taken": refusal(lambda: admin.add_user(user["username"])),
        "bad_secret": refusal(lambda: admin.add_hotp6_token("bad", "not hexadecimal")),
        "push": refusal(lambda: auth.auth("push", username=user["username"], device="auto"))[:2],
        "credentials": admin.get_webauthncredentials(limit=10),
    }

wrong = client(duo_client.Auth, {**service["authApi"], "secret": "x" * 40})
seen["wrong_secret"] = refusal(wrong.check)[:2]
print(json.dumps(seen))
