"""The account a learner named as their sandbox, in workspace/sandbox.toml; credentials are never kept."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from preflight.errors import Unavailable, Usage
from preflight.exams import faults_of

AccountKind = Literal["new-free", "paid", "legacy-free"]
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDFORMATION", "AWS_ENDPOINT_URL_STS")
TEMPLATE = """\
# The account Preflight may deploy to, and no other. Made by ./lab sandbox; no credentials are kept here.
account = "{account}"
region = "{region}"
{profile}# what you are willing to spend in a month, in US dollars: told beside every price
monthly_limit_usd = {monthly_limit_usd:g}
# new-free (opened since 2025-07-15, free plan), paid, or legacy-free (older, within its first twelve months)
account_kind = "{account_kind}"
# true after you said that an account which looks like production is yours to deploy to
production_anyway = {production_anyway}
"""


class Settings(BaseModel):
    """What sandbox.toml says; `profile` is a name in the learner's AWS configuration, none for the environment's."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    account: str = Field(pattern=r"^\d{12}$")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    profile: str | None = Field(default=None, min_length=1)
    monthly_limit_usd: float = Field(default=20.0, gt=0)
    account_kind: AccountKind = "new-free"
    production_anyway: bool = False

    def save(self, root: Path) -> Path:
        """Write sandbox.toml and give its path; raises Unavailable where that cannot be done."""
        file = path_of(root)
        shown = self.model_dump()
        shown["profile"] = f'profile = "{self.profile}"\n' if self.profile else ""
        shown["production_anyway"] = str(self.production_anyway).lower()
        try:
            file.parent.mkdir(exist_ok=True)
            file.write_text(TEMPLATE.format(**shown), encoding="utf-8")
        except OSError as error:
            raise Unavailable(
                f"workspace/sandbox.toml cannot be written ({error.strerror}); see ./lab doctor"
            ) from error
        return file


@dataclass(frozen=True)
class Objection:
    """Why the CDK CLI should not deploy here (`stops`), or what the learner should know before it does."""

    stops: bool
    sentence: str


def path_of(root: Path) -> Path:
    """Where the settings are."""
    return root / "workspace" / "sandbox.toml"


def load(root: Path) -> Settings | None:
    """The learner's sandbox, None before one is named; raises Usage with every fault of the file."""
    file = path_of(root)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(
            f"workspace/sandbox.toml cannot be read ({error}); make it again with ./lab sandbox"
        ) from error
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Usage(f"workspace/sandbox.toml: {error}; make it again with ./lab sandbox") from error
    except ValidationError as error:
        faults = "; ".join(faults_of(error))
        raise Usage(f"workspace/sandbox.toml: {faults}. Make it again with ./lab sandbox") from error


def require(root: Path) -> Settings:
    """The learner's sandbox; raises Usage when none is named."""
    settings = load(root)
    if settings is None:
        raise Usage("No account is named as your sandbox yet, so nothing is deployed; name one with ./lab sandbox")
    return settings


def objection(root: Path, environ: Mapping[str, str]) -> Objection | None:
    """What to say to a plain `cdk` command, which tells the account it resolved in CDK_DEFAULT_ACCOUNT.

    Nothing when it resolved none, or when its calls stay on this machine.
    """
    account = environ.get("CDK_DEFAULT_ACCOUNT", "")
    if not account or local_endpoint(environ):
        return None
    try:
        settings = load(root)
    except (Usage, Unavailable) as error:
        return Objection(True, str(error))
    if settings is None:
        return Objection(
            False, f"Account {account} is not named as your sandbox; make sure it is meant, with ./lab sandbox"
        )
    if account != settings.account:
        return Objection(
            True,
            f"These credentials are of account {account}, and your sandbox is {settings.account}; "
            f"take those of the sandbox ({_credentials_of(settings)}), or name another one with ./lab sandbox",
        )
    return None


def local_endpoint(environ: Mapping[str, str] | None = None) -> str | None:
    """The endpoint on this machine that AWS calls are sent to, if they are."""
    from preflight.clouds.isolation import is_loopback

    variables = os.environ if environ is None else environ
    if variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    for name in ENDPOINTS:
        url = variables.get(name, "")
        if url and is_loopback(urlsplit(url).hostname or ""):
            return url.rstrip("/")
    return None


def _credentials_of(settings: Settings) -> str:
    return f"--profile {settings.profile}" if settings.profile else "those of the environment it was named with"
