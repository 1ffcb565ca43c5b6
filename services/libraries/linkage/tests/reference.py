"""Makes the pseudonyms of tests/reference.rs, without blinds: python3 tests/reference.py"""

import base64
import hashlib
import hmac

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
A = P - 3
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
Z = P - 10
CONTEXT = b"OPRFV1-\x00-P256-SHA256"


def sha256(data):
    return hashlib.sha256(data).digest()


def expand_message_xmd(message, tag, length):
    tag += bytes([len(tag)])
    first = sha256(bytes(64) + message + length.to_bytes(2, "big") + b"\0" + tag)
    block = sha256(first + b"\1" + tag)
    out = block
    for count in range(2, -(-length // 32) + 1):
        block = sha256(bytes(x ^ y for x, y in zip(first, block)) + bytes([count]) + tag)
        out += block
    return out[:length]


def root(value):
    found = pow(value, (P + 1) // 4, P)
    return found if found * found % P == value % P else None


def map_to_curve(u):
    t = (Z * Z * u**4 + Z * u * u) % P
    x = B * pow(Z * A, -1, P) % P if t == 0 else -B * pow(A, -1, P) * (1 + pow(t, -1, P)) % P
    y = root(x**3 + A * x + B)
    if y is None:
        x = Z * u * u * x % P
        y = root(x**3 + A * x + B)
    return x, y if y % 2 == u % 2 else P - y


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] ** 2 + A) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope**2 - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def multiply(scalar, point):
    total = None
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def hash_to_group(message):
    uniform = expand_message_xmd(message, b"HashToGroup-" + CONTEXT, 96)
    halves = [int.from_bytes(uniform[at : at + 48], "big") % P for at in (0, 48)]
    return add(*map(map_to_curve, halves))


def derive_key(seed, info):
    for counter in range(256):
        message = seed + len(info).to_bytes(2, "big") + info + bytes([counter])
        key = int.from_bytes(expand_message_xmd(message, b"DeriveKeyPair" + CONTEXT, 48), "big") % N
        if key:
            return key


def hkdf(secret, info, length):
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")[:length]


def parts(*texts):
    return b"".join(bytes([len(text)]) + text.encode() for text in texts)


def pseudonym(seed, permit, recipient, numbering, value):
    key = derive_key(seed, parts("vardstrom linkage key 1", permit))
    point = multiply(key, hash_to_group(parts("vardstrom linkage person 1", permit, numbering, value)))
    info = parts("vardstrom linkage pseudonym 1", permit, recipient, "v1")
    shown = hkdf(point[0].to_bytes(32, "big"), info, 20)
    return f"{permit}.v1.{base64.b32encode(shown).decode().lower()}"


if __name__ == "__main__":
    # RFC 9497, A.3.1, so that the reference itself is known to be right.
    key = derive_key(b"\xa3" * 32, b"test key")
    assert key == 0x159749D750713AFE245D2D39CCFAAE8381C53CE92D098A9375EE70739C7AC0BF
    blind = 0x3338FA65EC36E0290022B48EB562889D89DBFA691D1CDE91517FA222ED7AD364
    blinded = multiply(blind, hash_to_group(b"\0"))
    assert blinded[0] == 0x723A1E5C09B8B9C18D1DCBCA29E8007E95F14F4732D9346D490FFC195110368D
    # RFC 5869, A.3.
    okm = hmac.digest(hmac.digest(bytes(32), b"\x0b" * 22, "sha256"), b"\1", "sha256")
    assert okm.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    seed = bytes(range(32))
    for case in [
        ("p17", "register", "1.2.752.129.2.1.3.1", "198001012387"),
        ("p17", "register", "1.2.752.129.2.1.3.3", "194001612383"),
        ("p17", "register", "1.2.752.74.9.1", "000000000017"),
        ("hdab-2027-42", "university", "1.2.752.129.2.1.3.1", "198001012387"),
    ]:
        print([*case, pseudonym(seed, *case)])
