"""What WeChat tells of people's consents: who follows the service account, and which messages a phone will take.

Our stock of consents is a guess that WeChat corrects: the phone reports what it granted (`channels.report_consents`),
WeChat tells the same once more, and of what was taken back. One too many costs a call that WeChat refuses and the next
channel takes over; so a consent told here counts only where there was none.
"""

from liaison.clients.pushes import Push
from liaison.db import session, told
from liaison.models.cases import Case
from liaison.models.inbound import InboundEvent
from liaison.services import cases, channels, chat, own_matters, vault, visitors
from liaison.services.channels import ACCEPTED, SUBSCRIBE, TEMPLATE
from liaison.services.claims import TEMPLATES
from liaison.services.sealing import Keys
from liaison.services.vault import OPENID

POPUP, CHANGE, SENT = "popup", "change", "sent"
SUCCESS = "success"


def note_follower(push: Push, event: InboundEvent, keys: Keys) -> bool:
    """Somebody follows the account: greet them, and tell them of their matters there again."""
    chat.note_message(push, event, keys)
    return _reach(push.said["FromUserName"], keys, follows=True)


def note_leaver(push: Push, event: InboundEvent, keys: Keys) -> bool:
    """Somebody follows the account no more: their matters go on by the other channels, the address is kept."""
    return _reach(push.said["FromUserName"], keys, follows=False)


def note_consents(push: Push, event: InboundEvent, keys: Keys) -> bool:
    """A phone agreed to messages, changed its mind, or got one; of the template that needs consent, and of deputies."""
    template = told(TEMPLATES).get(SUBSCRIBE)
    answer = push.said.get(f"template:{template}")
    for account_id in vault.find_marked(OPENID, push.said["openid"], keys) if template and answer else ():
        stock = channels.consents(account_id, [template])[template]
        if push.said["what"] == SENT:
            if answer != SUCCESS:
                channels.drop_consents(account_id, template, event.received_at)
        elif answer != ACCEPTED:
            if push.said["what"] == CHANGE:
                channels.drop_consents(account_id, template, event.received_at)
        elif stock <= 0:
            channels.grant_consent(account_id, template, 1, event.received_at)
    return True


def _reach(openid: str, keys: Keys, *, follows: bool) -> bool:
    """Let the service account be among the channels of this person's matters, or not."""
    visitor_id = visitors.find_visitor(openid, keys)
    ids = own_matters.ids_of(visitor_id) if visitor_id else []
    addresses = vault.find_addresses(ids, keys) if ids else {}
    for case_id in ids:
        if addresses.get((case_id, TEMPLATE)) == openid:
            _set_channel(cases.lock_by_id(case_id), follows)
    session.flush()
    return True


def _set_channel(case: Case, follows: bool) -> None:
    others = [channel for channel in case.channels if channel != TEMPLATE]
    case.channels = [TEMPLATE, *others] if follows else others
