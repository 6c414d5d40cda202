"""What each labelled record must be flagged as: the corpus's own rules beside the score's signals.

A rule of the corpus says of one record whether it fires. Here stands which of our signals says the same, and what the rule's
own words add to one record: a threshold (`times`), or a second address of the same session.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """The signals of which one must be given when the rule fires, and none when it does not.

    `says` narrows to points whose sentence matches; `times` repeats the record that often, seconds apart, when the rule has a
    threshold; `moved` repeats it once from another address, when the rule compares addresses.
    """

    signals: tuple[str, ...]
    says: str = ""
    times: int = 1
    moved: bool = False

    def given(self, points: list[tuple[str, str]]) -> bool:
        """Whether (signal, sentence) pairs hold it."""
        return any(what in self.signals and re.search(self.says, words, re.IGNORECASE) for what, words in points)


RULES = {
    "Azure.Audit.GraphSessionMultipleIPs": Answer(("stolen_session",), moved=True),
    "Azure.Audit.InviteExternalUsers": Answer(("external_invite",)),
    "Azure.Audit.MFADisabled": Answer(("security_setting",), says="second factor"),
    "Azure.Audit.OIDC.Changed": Answer(("trust_change",)),
    "Azure.Audit.PolicyChanged": Answer(("security_setting",)),
    "Azure.Audit.ROPCLoginNoMFA": Answer(("legacy_protocol",)),
    "Azure.Audit.RoleChangedPIM": Answer(("role_granted",), says="PIM"),
    "Azure.Audit.ServicePrincipalCredentialsAdded": Answer(("credential_added",)),
    "Azure.Audit.VSCodeOAuthPhishing": Answer(("tool_client",)),
    "Microsoft365.Brute.Force.Login.by.User": Answer(("failed_burst",), times=12),
    "Microsoft365.Exchange.External.Forwarding": Answer(("forwarding",)),
    "Okta.APIKeyRevoked": Answer(("api_token",)),
    "Okta.Global.MFA.Disabled": Answer(("mfa_change",)),
    "Okta.Group.Admin.Role.Assigned": Answer(("role_granted",)),
    "Okta.Identity.Provider.Created.Modified": Answer(("trust_change",)),
    "Okta.New.Behavior.Accessing.Admin.Console": Answer(("behaviour_change",), says="administrators' console"),
    "Okta.Org2org.Creation.Modification": Answer(("trust_change",)),
    "Okta.PasswordAccess": Answer(("password_read",)),
    "Okta.Refresh.Access.Token.Reuse": Answer(("source_warning",), says="used again"),
    "Okta.Support.Access": Answer(("support_access",)),
    "Okta.Support.Reset": Answer(("support_access",)),
    "Okta.ThreatInsight.Security.Threat.Detected": Answer(("source_warning",), says="threat"),
    "Okta.User.Account.Locked": Answer(("source_warning",), says="locked"),
    "GSuite.DeviceCompromise": Answer(("source_warning",), says="taken over"),
    "GSuite.DeviceUnlockFailure": Answer(("source_warning",), says="unlock"),
    "GSuite.DocOwnershipTransfer": Answer(("external_share",)),
    "GSuite.ExternalMailForwarding": Answer(("forwarding",)),
    "GSuite.GovernmentBackedAttack": Answer(("source_warning",), says="government"),
    "GSuite.IsSuspiciousTag": Answer(("source_warning",), says="suspicious"),
    "GSuite.LeakedPassword": Answer(("source_warning",), says="password leaked"),
    "GSuite.TwoStepVerification": Answer(("mfa_change",), says="taken away"),
    "GSuite.UserSuspended": Answer(("source_warning",), says="suspended|disabled"),
    "GSuite.Workspace.DataExportCreated": Answer(("data_export",)),
    "GSuite.Workspace.GmailSecuritySandboxDisabled": Answer(("security_setting",), says="switched off"),
    "GSuite.Workspace.TrustedDomainsAllowlist": Answer(("trust_change",)),
    "Google.Workspace.Apps.Marketplace.New.Domain.Application": Answer(("consent_grant",)),
    "Google.Workspace.ManyDocsDownloaded": Answer(("mass_download",), times=320),
    "GSuite.Drive.ExternalFileShare": Answer(("external_share",)),
    "GSuite.DriveVisibilityChanged": Answer(("external_share",)),
}
LEFT_OUT = {
    "Okta.ADAgent.TokenAbuse.Behavioral": "results of a stored query, not records of a log",
    "Okta.SWA.OffHoursAccess.Behavioral": "results of a stored query, not records of a log",
    "Okta.SkeletonKeyBypass.Behavioral": "results of a stored query, not records of a log",
    "Okta.Login.Success": "fires for every sign-in; a sign-in alone is no risk",
    "Okta.PotentiallyStolenSession": "rests on a mocked memory of earlier sessions",
    "GSuite.GoogleAccess": "about Google's staff, not about a person here",
    "GSuite.GroupBannedUser": "about moderation of a group, not about a person's risk",
    "GSuite.Gmail.Email.SpamFilter.Bypass": "about mail, which the mail side judges",
    "GSuite.Gmail.Potential.Spoofed.Email": "about mail, which the mail side judges",
    "GSuite.Gmail.Spam.Email.Surge": "about mail, which the mail side judges",
    "GSuite.Gmail.SpamEmail.AttachmentDownload": "about mail, which the mail side judges",
    "GSuite.Gmail.SpamEmail.LinkClicked": "about mail, which the mail side judges",
    "Microsoft.Graph.Passthrough": "alerts of another product, which become alerts here",
    "Windows.Credential.Dumping.Tool": "about processes of a device, which detections judge",
}
