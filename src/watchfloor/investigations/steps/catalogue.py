"""The questions as playbooks name them."""

from watchfloor.investigations.playbook import Question
from watchfloor.investigations.steps import acted, clicks, devices, message, person, reports, sender, settings, similar

WHAT = Question("what", "What is the mail, and what was it judged?", message.what_is_it)
SENDER = Question("sender", "Who sent it, and does the sender prove who it is?", message.who_sent_it)
CARRIED = Question("carried", "Which URLs and files does it carry?", message.what_does_it_carry)
CAMPAIGN = Question("campaign", "Is it part of a campaign?", similar.known_campaign)
SIMILAR = Question("similar", "Which other mails are like it?", similar.similar_mails)
CLICKS = Question("clicks", "Who opened its links?", clicks.who_clicked)
DEVICES = Question("devices", "On which device was a malicious link opened?", devices.which_devices)
ENTITIES = Question("entities", "Which mails carry the same malicious URL or file?", similar.same_entities)
REPORTS = Question("reports", "Did others report it?", reports.who_reported)
BLOCK = Question("block", "Which URLs should be blocked?", clicks.block_urls)
ALERTS = Question("alerts", "Which other alerts name these people?", person.their_alerts)
RISK = Question("risk", "How risky are the accounts held to be?", person.their_risk)
SIGN_INS = Question("sign-ins", "Were there risky sign-ins?", person.their_sign_ins)
SETTINGS = Question(
    "settings", "Does mail leave the mailbox by forwarding, rules or delegates?", settings.their_mailbox_settings
)
SENT = Question("sent", "What did the mailbox send?", person.their_sent_mail)
ACTED = Question("acted", "What was done by hand?", acted.what_was_done)
STUCK = Question("stuck", "Where could it not be removed, and why?", acted.where_it_stuck)
STOP = Question("stop", "Must anybody be kept from sending?", person.who_must_stop)

CAME = Question("came", "What came from this address so far?", sender.what_came_from_it)
FROM_IT = Question("from-it", "How much of what it sends is malicious?", sender.all_from_it)
WROTE = Question("wrote", "Who of ours wrote to it?", sender.who_wrote_to_it)
LISTED = Question("listed", "Does the allow/block list name it?", sender.is_it_listed)

MAIL = (WHAT, SENDER, CARRIED, CAMPAIGN, SIMILAR, CLICKS, DEVICES, ENTITIES, REPORTS, BLOCK)
PERSON = (ALERTS, RISK, SIGN_INS, SENT, SETTINGS)
