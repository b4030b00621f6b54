"""Mends the emulated AWS Organizations: a member account can be taken out of the organization."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What to put in place of moto's."""
    from moto.organizations.models import OrganizationsBackend, organizations_backends

    def remove_account_from_organization(self: Any, **asked: str) -> None:
        account = self.get_account_by_id(asked["AccountId"])
        organizations_backends.master_accounts.pop(asked["AccountId"], None)
        for policy in account.attached_policies:
            policy.attachments.remove(account)
        self.accounts.remove(account)

    yield OrganizationsBackend, "remove_account_from_organization", remove_account_from_organization
