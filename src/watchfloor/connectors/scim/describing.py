"""What this endpoint is and can do, in SCIM's own words (RFC 7643, 5 to 7)."""

from typing import Any

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    Group,
    Patch,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    Sort,
)

from watchfloor.connectors.scim.shapes import EnterpriseUser, Person

MOST_RESULTS = 1000


def provider() -> ServiceProviderConfig:
    """What is supported, and what is not."""
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="The token of a SCIM connection, from Settings, Connections",
                primary=True,
            )
        ],
    )


def types() -> list[ResourceType]:
    return [ResourceType.from_resource(Person), ResourceType.from_resource(Group)]


def schemas() -> list[Schema]:
    return [Person.to_schema(), Group.to_schema(), EnterpriseUser.to_schema()]


def named(several: list[Any], name: str) -> Any | None:
    """The one with this id or name, in any case."""
    return next((one for one in several if name.lower() in {str(one.id).lower(), str(one.name).lower()}), None)
