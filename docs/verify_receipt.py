"""Check a matter's history against its receipt, and against published anchors, without trusting the server.

    curl -H "X-Matter-Secret: CODE" https://HOST/api/v1/matters/NUMBER > matter.json
    curl https://HOST/public/anchors/2026-03-03.json > anchor.json
    python3 verify_receipt.py matter.json RECEIPT [anchor.json ...]

RECEIPT is the hash kept since submission, or its beginning. Needs Python 3 alone; exits 1 when something does not fit.
"""

import hashlib
import json
import sys
from pathlib import Path


def canonical(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def faults_of(matter, receipt):
    events = {event["hash"]: event for event in matter["events"]}
    left = dict(pair for each in matter["events"] if each["kind"] == "erase" for pair in each["data"]["bodies"].items())
    previous = "0" * 64
    for place, link in enumerate(matter["chain"], 1):
        if event := events.pop(link["hash"], None):
            body = sha256(bytes.fromhex(link["salt"]) + canonical({"text": event["text"], "data": event["data"]}))
            told = {"number": matter["number"], "seq": place, "at": link["at"], "kind": event["kind"]}
            told |= {"by_role": event["by_role"], "prev_hash": previous, "body_digest": link["body_digest"] or body}
            if sha256(canonical(told)) != link["hash"] or (link["body_digest"] and left.get(str(place)) != body):
                yield f"event {place} ({event['kind']}) does not fit its hash"
        previous = link["hash"]
    yield from (f"event {hash_} is not in the chain" for hash_ in events)
    if len(receipt) < 8 or not matter["chain"][0]["hash"].startswith(receipt.lower()):
        yield "the receipt is not of this matter, or the first event was rewritten"


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def is_in(anchor, matter):
    heads = [{"number": matter["number"], "seq": link["seq"], "hash": link["hash"]} for link in matter["chain"]]
    whole = root([bytes.fromhex(leaf) for leaf in anchor["leaves"]]).hex() == anchor["statement"]["changed_root"]
    return whole and any(sha256(b"\0" + canonical(head)) in anchor["leaves"] for head in heads)


matter, *anchors = [json.loads(Path(each).read_text("utf-8")) for each in sys.argv[1:2] + sys.argv[3:]]
faults = list(faults_of(matter, sys.argv[2]))
for anchor in anchors:
    print(anchor["statement"]["day"], sha256(canonical(anchor["statement"])), "is what the public was shown that day")
    faults += [] if is_in(anchor, matter) else [f"the anchor of {anchor['statement']['day']} has not seen this matter"]
print(*faults or [f"all {len(matter['events'])} of {len(matter['chain'])} events shown to you fit"], sep="\n")
sys.exit(bool(faults))
