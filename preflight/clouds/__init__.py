"""Where a stack can run: a cloud is an endpoint, and each yields the same Deployment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from preflight.template import Design, Template

Mode = Literal["offline", "live"]


@dataclass(frozen=True)
class Keys:
    """Credentials as boto3 takes them."""

    access_key: str
    secret: str
    token: str | None = None


MakeClient = Callable[..., Any]
MakeRequest = Callable[[str, str, Mapping[str, str], bytes], Any]


@dataclass
class Deployment:
    """One deployed stack: what was declared, what became of it, and how to call the services it uses.

    `resources` are the stack's resources (logical_id, type, physical_id, status, ...), `not_emulated` the properties
    that have no effect where it runs, as (logical id, dotted path). `make_client(service, region, keys)` gives a
    boto3 client with these keys, or with the deployer's when keys is None; `request(method, url, headers, body)` makes
    a plain HTTP request and gives what has `status`, `headers` (pairs) and `body`. `deliveries` answers what an
    offline cloud's endpoint answers of them ("settle", "advance/3600", "outbox"); None in an account.
    """

    stack_name: str
    region: str
    account: str
    template: Template
    design: Design
    outputs: Mapping[str, str]
    resources: list[Any]
    not_emulated: list[tuple[str, str]]
    mode: Mode
    make_client: MakeClient
    request: MakeRequest | None = None
    deliveries: Callable[[str], Any] | None = None
    _keys: dict[str, Keys] = field(default_factory=dict, repr=False)
    _made: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def client(
        self, service: str, *, role: str | None = None, user: str | None = None, region: str | None = None
    ) -> Any:
        """A boto3 client with the deployer's credentials, or with those of a role or user (a name or an ARN)."""
        return self.make_client(service, region or self.region, self.keys(role=role, user=user))

    def keys(self, *, role: str | None = None, user: str | None = None) -> Keys | None:
        """Credentials of a role or user, made on first use; None for the deployer's own."""
        if role is not None and user is not None:
            raise ValueError("a client speaks for a role or for a user, not for both")
        if role is None and user is None:
            return None
        # by what it is, however it was named: a user has room for two access keys
        who = self._role_arn(role) if role is not None else self._user_name(str(user))
        if who not in self._keys:
            self._keys[who] = self._assume(who) if role is not None else self._make_access_key(who)
        return self._keys[who]

    def release(self) -> tuple[str, ...]:
        """Forget borrowed credentials and delete the access keys made for users; says which keys stay behind."""
        from botocore.exceptions import BotoCoreError, ClientError

        self._keys.clear()
        left = []
        while self._made:
            user, access_key = self._made.pop()
            iam = self.make_client("iam", self.region, None)
            try:
                iam.delete_access_key(UserName=user, AccessKeyId=access_key)
            except iam.exceptions.NoSuchEntityException:
                continue
            except (BotoCoreError, ClientError) as error:
                left.append(f"the access key {access_key} of {user} was not deleted: {error}")
        return tuple(left)

    def _assume(self, role_arn: str) -> Keys:
        sts = self.make_client("sts", self.region, None)
        answer = sts.assume_role(RoleArn=role_arn, RoleSessionName="preflight-check")["Credentials"]
        return Keys(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])

    def _make_access_key(self, user_name: str) -> Keys:
        key = self.make_client("iam", self.region, None).create_access_key(UserName=user_name)["AccessKey"]
        self._made.append((user_name, key["AccessKeyId"]))
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def _role_arn(self, role: str) -> str:
        if role.startswith("arn:"):
            return role
        name = self._physical_id(role, "AWS::IAM::Role")
        return str(self.make_client("iam", self.region, None).get_role(RoleName=name)["Role"]["Arn"])

    def _user_name(self, user: str) -> str:
        return user.rpartition("/")[2] if user.startswith("arn:") else self._physical_id(user, "AWS::IAM::User")

    def _physical_id(self, name: str, resource_type: str) -> str:
        for item in self.design.find(name):
            if item.type == resource_type:
                return item.physical_id
        return name


class Clients:
    """Makes boto3 clients for one cloud, all from one session, so that service models are loaded once."""

    def __init__(self, session: Any, config: Any, endpoint_url: str | None = None) -> None:
        self._session = session
        self._config = config
        self._endpoint_url = endpoint_url
        self._lock = threading.Lock()

    def make(self, service: str, region: str, keys: Keys | None = None) -> Any:
        """A new client; a boto3 session may not be used by two threads at once, hence the lock."""
        borrowed = {}
        if keys is not None:
            borrowed = {
                "aws_access_key_id": keys.access_key,
                "aws_secret_access_key": keys.secret,
                "aws_session_token": keys.token,
            }
        with self._lock:
            return self._session.client(
                service, region_name=region, endpoint_url=self._endpoint_url, config=self._config, **borrowed
            )
