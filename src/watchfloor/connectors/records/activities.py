"""Kinds of activity that matter to an investigation, told from each product's own operation names and parameters.

Stands in CloudAppEvents.ActivityType, and in IdentityDirectoryEvents.AdditionalFields as “ActivityType”; ActionType keeps the
product's own name, so that published queries find it.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache


class Activity(StrEnum):
    """The value stands in event rows and is shown to people."""

    INBOX_RULE = "New or changed inbox rule"
    FORWARDING = "Mail forwarding"
    DELEGATION = "Mailbox delegation"
    MAIL_READ = "Mail read"
    CONSENT = "Consent to application"
    CREDENTIAL = "Credential or owner added to application"
    SECOND_FACTOR = "Second factor changed"
    ROLE = "Administrator role granted"
    GROUP = "Group membership changed"
    PASSWORD = "Password reset or changed"  # noqa: S105  it is no password
    ACCOUNT = "Account changed"
    POLICY = "Security setting changed"
    FEDERATION = "Domain or federation changed"
    TOKEN = "API token"  # noqa: S105
    DOWNLOAD = "File downloaded"
    DELETE = "Deleted"
    ANONYMOUS_LINK = "Link for anyone"
    SHARING = "Shared"
    FILE = "File opened or changed"
    SIGN_IN = "Sign-in"
    SIGN_OUT = "Sign-out"
    OTHER = "Other"


# Operation names in small letters, without a closing dot: Exchange cmdlets and SharePoint operations, Entra activities, Okta event
# types, Google Workspace event names. The first that fits counts.
_NAMES = (
    (Activity.INBOX_RULE, r"(new|set|enable)-(inbox|transport)rule|updateinboxrules"),
    (Activity.FORWARDING, r"email_forwarding_out_of_domain|email_forwarding_change|create_email_forwarding.*"),
    (
        Activity.DELEGATION,
        r"add-(mailbox|recipient|mailboxfolder)permission|set-mailboxfolderpermission|(add|modify)folderpermissions"
        r"|add-delegate|(create|add)_?(gmail_)?delegate.*",
    ),
    (Activity.MAIL_READ, r"mailitemsaccessed|messagebind"),
    (
        Activity.CONSENT,
        r"consent to application|add (oauth2permissiongrant|delegated permission grant|app role assignment .*)"
        r"|app\.oauth2\.(as\.)?consent\.grant.*|authorize|authorize_api_client_access|add_application|add_oauth_application.*",
    ),
    (
        Activity.CREDENTIAL,
        r"add service principal( credentials)?|add owner to (application|service principal)"
        r"|update application.{1,3}certificates and secrets management|application\.lifecycle\.create",
    ),
    (
        Activity.SECOND_FACTOR,
        r".*security info|(disable|enable) strong authentication|.*mfa\.factor\.(activate|deactivate|reset_all|update|suspend)"
        r"|2sv_\w+|\w*2_?step_?verification\w*|unenroll_user_from_strong_auth|recovery_\w+_edit|titanium_(un)?enroll|enroll_2sv",
    ),
    (
        Activity.ROLE,
        r"add (eligible |scoped )?member to role( completed.*| in pim completed.*)?|.*privilege\.grant"
        r"|assign_role|grant_(admin_privilege|delegated_admin_privileges)|sitecollectionadminadded|user\.session\.impersonation\.grant",
    ),
    (
        Activity.GROUP,
        r"(add member to|remove member from) group|remove member from role.*|group\.user_membership\.(add|remove)"
        r"|(add|remove)_(group_)?member|(added|removed)(to|from)group|member(added|removed)|.*privilege\.revoke"
        r"|revoke_admin_privilege|unassign_role|add owner to group",
    ),
    (
        Activity.PASSWORD,
        r"(reset|change) (user )?password.*|user\.account\.(reset|update|expire)_password|user\.credential\.forgot_password"
        r"|password_edit|change_password\w*|set force change user password",
    ),
    (
        Activity.ACCOUNT,
        r"(add|delete|hard delete|update|restore|invite external|invite internal) user|(disable|enable) account"
        r"|user\.lifecycle\..*|user\.account\.(lock|unlock|update_profile).*|(create|delete|suspend|unsuspend|rename|archive)_user"
        r"|account_disabled_\w+|(new|remove|enable|disable)-mailbox|set-(sync)?user",
    ),
    (
        Activity.POLICY,
        r"(add(ed)?|update|delete) (conditional access )?policy|(update|reset) authentication methods policy"
        r"|(set|new|remove)-(conditionalaccesspolicy|adminauditlogconfig|transportconfig|organizationconfig|remotedomain)"
        r"|set-mailboxauditbypassassociation|(disable|remove|set)-(safelinks|safeattachment|malwarefilter|antiphish|hostedcontentfilter).*"
        r"|(policy|policy\.rule|zone)\.(lifecycle\.)?(update|create|delete|deactivate)|policy\.lifecycle\.\w+"
        r"|change_(application|email|calendar)_setting|(add|remove)_trusted_domains|(enforce|allow)_strong_authentication"
        r"|toggle_\w+|sharingpolicychanged",
    ),
    (
        Activity.FEDERATION,
        r"set (federation settings on domain|domain authentication)|(add unverified|verify|add verified) domain|add partner to company"
        r"|system\.idp\.lifecycle\.\w+",
    ),
    (Activity.TOKEN, r"system\.api_token\.\w+"),
    (
        Activity.DOWNLOAD,
        r"filedownloaded|filesyncdownloaded(full|partial)|download|customer_takeout_\w+",
    ),
    (
        Activity.DELETE,
        r"(file|folder)(deleted|recycled)\w*|fileversionsalldeleted|(hard|soft)delete|movetodeleteditems|delete|trash",
    ),
    (Activity.ANONYMOUS_LINK, r"anonymouslink\w+"),
    (
        Activity.SHARING,
        r"sharing(set|invitationcreated|linkcreated)|(secure|company)linkcreated|addedtosecurelink|change_user_access\w*"
        r"|change_document_(visibility|access_scope)\w*|change_acl_editors|change_owner\w*|shared_drive_\w+",
    ),
    (
        Activity.FILE,
        r"file(accessed|previewed|modified|uploaded|renamed|moved|copied)\w*|view|edit|create|upload|rename|move|copy|print",
    ),
    (Activity.SIGN_IN, r"userlogg?edin|userloginfailed|mailboxlogin|user\.session\.start|user\.authentication\..*|login_\w+"),
    (Activity.SIGN_OUT, r"user\.session\.end|logout"),
)  # fmt: skip
_KNOWN = re.compile("|".join(f"(?P<{kind.name}>{names})" for kind, names in _NAMES))
FORWARDING_PARAMETERS = ("forwardingsmtpaddress", "forwardingaddress")
_NOWHERE = frozenset({"", "$null", "null"})


@lru_cache(maxsize=4096)
def activity_named(name: str) -> Activity:
    """The kind of an operation by its name alone, in any case, with or without a closing dot."""
    found = _KNOWN.fullmatch(name.strip().rstrip(".").lower()[:200])
    return Activity[found.lastgroup] if found and found.lastgroup else Activity.OTHER


def activity_of(name: str, parameters: Mapping[str, str]) -> Activity:
    """The kind of an operation; `parameters` by lower-case name. Set-Mailbox is forwarding only when it sets where to."""
    if name.lower() == "set-mailbox":
        forwards = any(parameters.get(one, "").lower() not in _NOWHERE for one in FORWARDING_PARAMETERS)
        delegates = parameters.get("grantsendonbehalfto", "").lower() not in _NOWHERE
        return Activity.FORWARDING if forwards else Activity.DELEGATION if delegates else Activity.OTHER
    return activity_named(name)
