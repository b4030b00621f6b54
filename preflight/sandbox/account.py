"""Who AWS says we are, whether that is the sandbox, and clients for it."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from preflight.errors import Unavailable, Usage
from preflight.sandbox.settings import Settings, local_endpoint, require

Client = Callable[..., Any]

LOOKS_LIKE_PRODUCTION = re.compile(r"(?<![a-z])(prod|prd|production|live)(?![a-z])", re.IGNORECASE)
# STS's codes for credentials that were good once, https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
STRANGE = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId"}


@dataclass(frozen=True)
class Caller:
    """Who AWS says we are; `alias` is the account's name for its sign-in page, "" without one."""

    account: str
    arn: str
    alias: str = ""
    is_management: bool = False

    @property
    def is_root(self) -> bool:
        """Whether these are the credentials of the account's root user."""
        return self.arn.endswith(":root")

    @property
    def production(self) -> str:
        """Why the account looks like one that should not be played with, "" when it does not."""
        if self.is_management:
            return f"account {self.account} is the management account of an organization"
        if LOOKS_LIKE_PRODUCTION.search(self.alias):
            return f"account {self.account} is called {self.alias}"
        return ""


@dataclass(frozen=True)
class Sandbox:
    """The account to work in, once it has been asked who it is; or an endpoint of this machine in its place.

    `client(service, region=…)` gives boto3 clients, in the sandbox's Region unless another is named.
    """

    account: str
    region: str
    make_client: Client
    settings: Settings | None = None
    endpoint_url: str | None = None

    def client(self, service: str, *, region: str | None = None) -> Any:
        """A boto3 client for the sandbox."""
        return self.make_client(service, region or self.region)

    @property
    def is_local(self) -> bool:
        """Whether it is an endpoint of this machine."""
        return self.endpoint_url is not None

    @property
    def place(self) -> str:
        """As a learner reads it: the endpoint, or the account and its Region."""
        return self.endpoint_url or f"account {self.account} in {self.region}"

    @cached_property
    def environment(self) -> dict[str, str]:
        """The AWS_* variables for a tool beside us, such as the CDK CLI; no credentials but made-up ones."""
        from preflight.clouds.isolation import FAKE_KEYS

        region = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        if self.endpoint_url:
            keys = {"AWS_ACCESS_KEY_ID": FAKE_KEYS.access_key, "AWS_SECRET_ACCESS_KEY": FAKE_KEYS.secret}
            return {**keys, **region, "AWS_ENDPOINT_URL": self.endpoint_url, "AWS_EC2_METADATA_DISABLED": "true"}
        profile = self.settings.profile if self.settings else None
        return {**region, **({"AWS_PROFILE": profile} if profile else {})}


def open_sandbox(root: Path, *, endpoint_url: str | None = None, clients: Client | None = None) -> Sandbox:
    """The learner's sandbox, after AWS has said that its credentials are the sandbox's.

    With an endpoint on this machine (`endpoint_url`, or AWS_ENDPOINT_URL) no account is needed. `clients` takes the
    place of boto3 in tests. Raises Usage when no sandbox is named, the credentials are another account's or root's, or
    the account looks like production and nobody said that it may be used; Unavailable when AWS does not let us in.
    """
    local = endpoint_url or local_endpoint()
    if local:
        make = clients or _local_clients(local)
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        return Sandbox(str(_identity(make, region, "")["Account"]), region, make, endpoint_url=local)
    settings = require(root)
    make = clients or account_clients(settings.profile)
    found = ask_caller(make, settings.region, settings.profile)
    refuse(found, settings)
    return Sandbox(found.account, settings.region, make, settings)


def refuse(caller: Caller, settings: Settings) -> None:
    """Raise Usage for credentials that are not the sandbox's, are root's, or belong to what looks like production."""
    if caller.account != settings.account:
        raise Usage(
            f"These credentials are of account {caller.account}, and your sandbox is {settings.account}; take those of "
            "the sandbox, or name another one with ./lab sandbox"
        )
    refuse_root(caller)
    if caller.production and not settings.production_anyway:
        raise Usage(f"{_capital(caller.production)}; name another, or say ./lab sandbox --even-if-production")


def refuse_root(caller: Caller) -> None:
    """Raise Usage for the root user's credentials, which nothing can limit."""
    if caller.is_root:
        raise Usage(
            "These are the root user's credentials, which no policy limits; make a role or an IAM Identity Center user "
            "for the sandbox, delete the root user's keys, then ./lab sandbox"
        )


def ask_caller(clients: Client, region: str, profile: str | None) -> Caller:
    """Who AWS says we are; what we may not ask counts as a no."""
    from botocore.exceptions import BotoCoreError, ClientError

    identity = _identity(clients, region, profile or "")
    account, alias, management = str(identity["Account"]), "", False
    with contextlib.suppress(ClientError, BotoCoreError):
        alias = next(iter(clients("iam", region).list_account_aliases()["AccountAliases"]), "")
    with contextlib.suppress(ClientError, BotoCoreError):
        organization = clients("organizations", region).describe_organization()["Organization"]
        management = organization.get("MasterAccountId") == account
    return Caller(account, str(identity["Arn"]), alias, management)


def account_clients(profile: str | None) -> Client:
    """boto3 clients with the credentials of a profile, or of the environment."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ProfileNotFound

    try:
        session = boto3.session.Session(profile_name=profile)
    except ProfileNotFound as error:
        raise Usage(f"There is no AWS profile {profile}; see yours with aws configure list-profiles") from error
    config = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 8, "mode": "adaptive"})
    return lambda service, region: session.client(service, region_name=region, config=config)


@contextlib.contextmanager
def explained(next_command: str, *, profile: str | None = None) -> Iterator[None]:
    """Say in a sentence why AWS did not answer; `next_command` is what to do when that is mended."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(_why(error, profile or "", next_command)) from error


def _identity(clients: Client, region: str, profile: str) -> Mapping[str, Any]:
    with explained("./lab sandbox", profile=profile):
        answer: Mapping[str, Any] = clients("sts", region).get_caller_identity()
        return answer


def _why(error: Exception, profile: str, then: str) -> str:
    from botocore.exceptions import ClientError, NoCredentialsError, SSOError, TokenRetrievalError

    named = f" --profile {profile}" if profile else ""
    if isinstance(error, NoCredentialsError):
        return f"No AWS credentials are set; set them up with aws configure sso{named}, then {then}"
    if isinstance(error, ClientError):
        said = error.response.get("Error", {})
        code, message = str(said.get("Code", "")), str(said.get("Message", "")).rstrip(".")
        if code in EXPIRED:
            return f"The credentials have expired; sign in again (aws sso login{named}), then {then}"
        if code in STRANGE:
            return f"AWS does not know these credentials ({code}); see them with aws configure list{named}, then {then}"
        return f"AWS answers {code}: {message}; then {then}"
    if isinstance(error, (SSOError, TokenRetrievalError)):
        return f"The sign-in has ended; begin again with aws sso login{named}, then {then}"
    return f"AWS does not answer ({str(error).splitlines()[0].rstrip('.')}); then {then}"


def _local_clients(endpoint_url: str) -> Client:
    import boto3
    from botocore.config import Config

    from preflight.clouds.isolation import FAKE_KEYS

    session = boto3.session.Session(aws_access_key_id=FAKE_KEYS.access_key, aws_secret_access_key=FAKE_KEYS.secret)
    config = Config(
        connect_timeout=3,
        read_timeout=60,
        proxies={},
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 4, "mode": "standard"},
    )
    return lambda service, region: session.client(service, region_name=region, endpoint_url=endpoint_url, config=config)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
