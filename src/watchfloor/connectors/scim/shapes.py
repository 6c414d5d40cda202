"""The resources we take, and what a peer may do that the letter of RFC 7643 does not allow."""

from typing import Annotated, Any

from pydantic import Field, model_validator
from scim2_models import (
    URN,
    ComplexAttribute,
    Extension,
    Group,
    ListResponse,
    Mutability,
    PatchOp,
    Required,
    ResponseParameters,
    ScimFilter,
    ScimPolicy,
    User,
)

TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""What Entra ID and Okta send: attributes of their own, values in a remove, filters that match nothing yet."""


class Manager(ComplexAttribute):
    """The manager's id; Entra ID sends it without the reference that RFC 7643 asks for, or as bare text."""

    value: str | None = None
    ref: Annotated[str | None, Required.false] = Field(None, alias="$ref")
    display_name: Annotated[str | None, Mutability.read_only] = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, said: Any) -> Any:
        return {"value": said} if isinstance(said, str) else said


class EnterpriseUser(Extension):
    """RFC 7643, 4.3, with a manager who needs no reference."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Manager | None = None


Person = User[EnterpriseUser]
SHAPES: dict[str, Any] = {"Users": Person, "Groups": Group}
"""By the last part of the endpoint's address, as what follows."""
FILTERS: dict[str, Any] = {"Users": ScimFilter[Person], "Groups": ScimFilter[Group]}
LISTS: dict[str, Any] = {"Users": ListResponse[Person], "Groups": ListResponse[Group]}
PARAMETERS: dict[str, Any] = {"Users": ResponseParameters[Person], "Groups": ResponseParameters[Group]}
PATCHES: dict[str, Any] = {"Users": PatchOp[Person], "Groups": PatchOp[Group]}
