#!/usr/bin/env python3
"""Checks an export of Onay's journals: audit-verify.py EXPORT [EARLIER] [--key ed25519:…]…

Python's standard library is all it needs. docs/audit.md describes the format and what each check
proves. It ends with 0 when everything fits together, and with 4 when something does not.
"""

import argparse
import base64
import hashlib
import json
import sys

HOUSE = "b_" + "0" * 32  # The journal of the ledger itself: no batch.
ENTRY = ("batch", "seq", "at", "actor", "via", "event", "before", "after", "note", "digest",
         "record", "prev")


def digest(form, fields):
    """SHA-256 over fields, each as its length in bytes, a colon and its bytes; None as `-`."""
    texts = [None if field is None else str(field).encode() for field in (form, *fields)]
    forms = [b"-" if text is None else b"%d:%s" % (len(text), text) for text in texts]
    return hashlib.sha256(b"".join(forms)).hexdigest()


# Ed25519 (RFC 8032): p, the order of the base point, d; points as (X, Y, Z, T).
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, p):
    q = (0, 1, 1, 0)
    while scalar:
        q, p, scalar = add(q, p) if scalar & 1 else q, add(p, p), scalar >> 1
    return q


def point(data):
    """The point that 32 bytes are; those of small order are refused, as anybody can sign with them."""
    y, is_odd = int.from_bytes(data, "little") % 2**255, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == is_odd else P - x
    p = (x, y, 1, x * y % P)
    if y >= P or (x * x - square) % P or times(8, p)[0] == 0:
        raise ValueError("no point")
    return p


def is_signed(key, signature, digits):
    """Whether a key, as `ed25519:` and base64, made a signature of a digest."""
    try:
        kind, key = key.split(":")
        key, signature = (base64.b64decode(text, validate=True) for text in (key, signature))
        r, s = signature[:32], int.from_bytes(signature[32:], "little")
        hashed = hashlib.sha512(r + key + bytes.fromhex(digits)).digest()
        left = times(s, point((4 * pow(5, -1, P) % P).to_bytes(32, "little")))
        right = add(point(r), times(int.from_bytes(hashed, "little") % L, point(key)))
        is_equal = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
        return (kind, len(key), len(signature)) == ("ed25519", 32, 64) and s < L and is_equal
    except (IndexError, ValueError):
        return False


def is_decided(entry, made):
    """Whether a decision is that of the entry's actor, and fits the signature that it carries, if any."""
    verdict, signed = made["verdict"], made.get("signed")
    word, said = next(iter(verdict.items())) if isinstance(verdict, dict) else (verdict, {})
    code = said.get("code", "other") if word == "reject" else None
    text = said.get("comment") or said.get("reason") if said.get("comment") != "" else ""
    fields = [entry["batch"], made["digest"], made.get("request_id"), word, text, code, made["person"],
              made.get("on_behalf"), made["policy"], made.get("revision", 0), made["at"]]
    is_right = not signed or is_signed(signed["key"], signed["signature"], digest("onay decision 1", fields))
    return made["person"] == entry["actor"] and is_right


def read(path, earlier, told):
    """Reads an export: its head, and of each batch the hash of every entry by number."""
    with open(path, encoding="utf-8", newline="\n") as file:
        start, *lines = [json.loads(line) for line in file]
    heads, known, entries, newest, end = [start["account"]], {}, [], "c", None
    signed = None
    if (start["kind"], start["format"]) != ("start", "onay audit export 1"):
        told(None, "is no export")
    if start["since"] and earlier is not None and start["since"] != earlier.get("head"):
        told(None, "goes on from another export, which must be EARLIER")
    for line in lines:
        if end and line["kind"] == "signature" and not signed:
            signed = line
        elif end or line["kind"] == "signature":
            told(None, "has lines that do not belong there")
        elif line["kind"] == "entry":
            entries.append(line)
        elif line["kind"] == "batch":
            batch, version, head = line["batch"], line["version"], line["head"]
            if newest <= batch:
                told(batch, "stands where an older batch belongs")
            since = max((earlier or {}).get("known", {}).get(batch, {0: "0" * 64}).items())
            seq, prev = since if start["since"] else (0, "0" * 64)
            if start["since"] and earlier is None:  # What it goes on from is not at hand.
                seq, prev = (entries[0]["seq"] - 1, entries[0]["prev"]) if entries else (version, head)
            known[batch] = {}
            for entry in entries:
                if (entry["batch"], entry["seq"], entry["prev"]) != (batch, seq + 1, prev):
                    told(entry["batch"], f"entry {entry['seq']} does not follow from entry {seq}")
                decision = [entry["decision"]] if entry.get("decision") is not None else []
                form = "onay journal 2" if decision else "onay journal 1"
                if entry["hash"] != digest(form, [*map(entry.get, ENTRY), *decision]):
                    told(entry["batch"], f"entry {entry['seq']} was edited")
                if decision and not is_decided(entry, json.loads(decision[0])):
                    told(entry["batch"], f"the decision in entry {entry['seq']} is not what its person signed")
                seq, prev = entry["seq"], entry["hash"]
                known[batch][seq] = prev
            if start["holds"] == "journals" and (seq, prev) != (version, head):
                told(batch, f"ends with entry {seq}, not with entry {version} as it was stored")
            known[batch][version] = head
            heads += [batch, version, head]
            entries, newest = [], batch
        else:
            end = line
    counts = [len(known.keys() - {HOUSE}), sum(heads[2::3])]
    head = digest("onay audit head 1", heads + counts)
    if entries or not end or [end["batches"], end["entries"], end["head"]] != counts + [head]:
        told(None, f"is cut off, or its end is not that of its batches (head {head})")
    if signed:
        fields = [head, start["at"], start["account"], *counts, signed["by"]]
        if not is_signed(signed["key"], signed["signature"], digest("onay audit signature 1", fields)):
            told(None, f"is not what {signed['by']} signed with {signed['key']}")
    return {"head": head, "signed": signed, "known": known, "holds": start["holds"], "account": start["account"]}


def main():
    parser = argparse.ArgumentParser(description="Checks an export of Onay's journals.")
    parser.add_argument("export")
    parser.add_argument("earlier", nargs="?")
    parser.add_argument("--key", action="append", default=[], help="whose signature it must have")
    args = parser.parse_args()
    export, earlier, problems = args.export, args.earlier, []

    def telling(path):
        return lambda batch, what: problems.append(f"{batch or path}: {what}")

    before = read(earlier, None, telling(earlier)) if earlier else {}
    now = read(export, before, telling(export))
    if now["holds"] != "journals":
        telling(export)(None, "holds heads alone, which prove nothing by themselves")
    if before.get("account") not in (None, now["account"]):
        telling(export)(None, "belongs to another account than the earlier one")
    for batch, known in before.get("known", {}).items():
        entries = now["known"].get(batch, {})
        if max(known) > max(entries, default=0):
            telling(export)(batch, f"has {max(entries, default=0)} entries left of {max(known)}")
        for seq in known.keys() & entries.keys():
            if known[seq] != entries[seq]:
                telling(export)(batch, f"entry {seq} is not the one that was there earlier")
    signed = now["signed"]
    if args.key and not (signed and signed["key"] in args.key):
        by = f"signed by {signed['by']} with {signed['key']}" if signed else "not signed"
        telling(export)(None, f"is {by}, not with a key that was given")
    elif signed and not args.key and not problems:
        print(f"signed by {signed['by']} with {signed['key']}: give the key you know with --key")
    print("\n".join([*problems, f"{'NOT ok' if problems else 'ok'}: head {now['head']}"]))
    return 4 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyError, TypeError, ValueError) as broken:
        print(f"NOT ok: a line is missing, or is not one of an export: {broken!r}")
        sys.exit(4)
