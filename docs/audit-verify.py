#!/usr/bin/env python3
"""Checks an export of Onay's journals: audit-verify.py EXPORT [EARLIER]

Python's standard library is all it needs. docs/audit.md describes the format and what each check
proves. It ends with 0 when everything fits together, and with 4 when something does not.
"""

import hashlib
import json
import sys

ENTRY = ("batch", "seq", "at", "actor", "via", "event", "before", "after", "note", "digest",
         "record", "prev")


def digest(form, fields):
    """SHA-256 over fields, each as its length in bytes, a colon and its bytes; None as `-`."""
    texts = [None if field is None else str(field).encode() for field in (form, *fields)]
    forms = [b"-" if text is None else b"%d:%s" % (len(text), text) for text in texts]
    return hashlib.sha256(b"".join(forms)).hexdigest()


def read(path, earlier, told):
    """Reads an export: its head, and of each batch the hash of every entry by number."""
    with open(path, encoding="utf-8", newline="\n") as file:
        start, *lines = [json.loads(line) for line in file]
    heads, known, entries, newest, end = [start["account"]], {}, [], "c", None
    if (start["kind"], start["format"]) != ("start", "onay audit export 1"):
        told(None, "is no export")
    if start["since"] and earlier is not None and start["since"] != earlier.get("head"):
        told(None, "goes on from another export, which must be EARLIER")
    for line in lines:
        if end:
            told(None, "has lines after its end")
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
                seq, prev = entry["seq"], entry["hash"]
                known[batch][seq] = prev
            if start["holds"] == "journals" and (seq, prev) != (version, head):
                told(batch, f"ends with entry {seq}, not with entry {version} as it was stored")
            known[batch][version] = head
            heads += [batch, version, head]
            entries, newest = [], batch
        else:
            end = line
    counts = [len(known), sum(heads[2::3])]
    head = digest("onay audit head 1", heads + counts)
    if entries or not end or [end["batches"], end["entries"], end["head"]] != counts + [head]:
        told(None, f"is cut off, or its end is not that of its batches (head {head})")
    return {"head": head, "known": known, "holds": start["holds"], "account": start["account"]}


def main(export, earlier=None):
    problems = []

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
    print("\n".join([*problems, f"{'NOT ok' if problems else 'ok'}: head {now['head']}"]))
    return 4 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (KeyError, TypeError, ValueError) as broken:
        print(f"NOT ok: a line is missing, or is not one of an export: {broken!r}")
        sys.exit(4)
