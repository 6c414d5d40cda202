"""The connection's settings, what its test looks at, and the accounts it acts on."""

from collections.abc import Callable

from watchfloor.connectors.contracts import AccountActions, Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.systems.oidc.addresses import Address, AddressedAccounts, addresses_in
from watchfloor.connectors.systems.oidc.keycloak import KeycloakAccounts
from watchfloor.connectors.systems.oidc.provider import Provider
from watchfloor.kernel.errors import BadInput, WatchfloorError

KEYCLOAK, ADDRESSES = "keycloak", "addresses"


class Oidc:
    kind = "oidc"
    label = "OpenID Connect provider (end sessions)"
    description = (
        "Requires people to sign in again at your identity provider. With Keycloak it also suspends accounts and resets passwords; "
        "with any other provider it ends sessions through the addresses you name, and revokes tokens where these are listed."
    )
    settings = (
        Setting("issuer", "Issuer", help="As https://login.corp.example/realms/corp", guards=True),
        Setting("client_id", "Client ID", help="Of a confidential client that may use client credentials"),
        Setting("client_secret", "Client secret", kind="secret"),
        Setting("scope", "Scope", required=False, help="Only where the provider asks for one"),
        Setting(
            "api",
            "How sessions end",
            kind="choice",
            default=KEYCLOAK,
            choices=(KEYCLOAK, ADDRESSES),
            labels=("Keycloak's Admin API", "By addresses named below"),
        ),
        Setting(
            "admin_url",
            "Address of the API",
            required=False,
            help="Empty: of Keycloak, the issuer with /admin/realms/ in place of /realms/; of others, the issuer's",
            guards=True,
        ),
        Setting(
            "match",
            "Find accounts by",
            kind="choice",
            default="mail",
            choices=("mail", "login"),
            labels=("Address", "Address or login name"),
            help="By login name only where the same name is the same person in every directory",
        ),
        Setting(
            "end",
            "Requests that end sessions",
            kind="lines",
            required=False,
            help="One a line, as: DELETE /admin/oauth2/auth/sessions/login?subject={mail}",
            guards=True,  # asked with a token that may do more: who does not know the secret names no requests for it
        ),
        Setting(
            "listed",
            "Addresses that list sessions or tokens",
            kind="lines",
            required=False,
            help="One a line, as: /people/{mail}/tokens. Tokens found there are revoked (RFC 7009) and looked at (RFC 7662)",
            guards=True,
        ),
        Setting(
            "token_client",
            "Client the tokens were issued to",
            required=False,
            help="Only it may revoke them. Empty: the client above",
        ),
        Setting("token_secret", "Its secret", kind="secret", required=False),
        Setting(
            "domains", "Domains", kind="addresses", required=False, help="Act only on people of these. Empty: on all"
        ),
    )
    capabilities = frozenset({Capability.ACT_ON_ACCOUNTS})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Read its description, get a token, ask one harmless question."""
        lines: list[tuple[bool, str]] = []
        try:
            provider = provider_of(settings)
            lines.append((True, f"speaks for {provider.described['issuer']}"))
            provider.token().token()
            lines.append((True, "this client is given a token"))
            lines += (
                _keycloak_lines(settings) if settings.get("api") == KEYCLOAK else _address_lines(settings, provider)
            )
        except WatchfloorError as error:
            lines.append((False, str(error)))
        return TestReport(all(ok for ok, _ in lines), tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing is read here: the response slice acts through `accounts`."""

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def accounts(self, settings: dict[str, str], *, name: str) -> AccountActions | None:
        """The provider's accounts; None where no address says how sessions end."""
        if settings.get("api") == KEYCLOAK:
            return KeycloakAccounts(rest_of(settings), by_login=settings.get("match") == "login")
        end, listed = _named(settings)
        if not end and not listed:
            return None
        domains = frozenset(settings.get("domains", "").lower().split())
        return AddressedAccounts(rest_of(settings), provider_of(settings), end, listed, domains)


def provider_of(settings: dict[str, str]) -> Provider:
    given = (settings["issuer"].rstrip("/"), settings["client_id"], settings["client_secret"])
    holder = (settings.get("token_client", ""), settings.get("token_secret", ""))
    return Provider(*given, settings.get("scope", ""), holder)


def rest_of(settings: dict[str, str]) -> Rest:
    """The API that ends sessions, asked with a token of our own."""
    issuer = settings["issuer"].rstrip("/")
    base = settings.get("admin_url", "").strip() or (
        issuer.replace("/realms/", "/admin/realms/", 1) if settings.get("api") == KEYCLOAK else issuer
    )
    return Rest(base, provider_of(settings).token(), attempts=3, longest_wait=20.0)


def _named(settings: dict[str, str]) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    end = addresses_in(settings.get("end", ""), setting="end")
    return end, addresses_in(settings.get("listed", ""), setting="listed", method="GET")


def _keycloak_lines(settings: dict[str, str]) -> list[tuple[bool, str]]:
    with rest_of(settings) as rest:
        rest.get("/users", max="1")
    told = "can find accounts; Keycloak does not tell what a client may change (it needs manage-users), the first action will"
    return [(True, told)]


def _address_lines(settings: dict[str, str], provider: Provider) -> list[tuple[bool, str]]:
    end, listed = _named(settings)
    if not end and not listed:
        raise BadInput("name a request that ends sessions, or an address that lists tokens", place="end")
    lines = [(True, f"{len(end)} requests end a person's sessions; they are not tried, as they would")]
    if listed:
        for what in ("revocation_endpoint", "introspection_endpoint"):
            has = bool(provider.endpoint(what))
            lines.append((has, f"the provider {'has' if has else 'lacks'} a {what.replace('_', ' ')}"))
    else:
        lines.append((True, "no address lists sessions, so that they ended cannot be verified"))
    return lines
