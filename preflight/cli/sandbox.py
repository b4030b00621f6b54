"""Naming the one account labs may be deployed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import COMMAND, NOT_YET, Lines
from preflight.errors import Usage

if TYPE_CHECKING:
    from preflight.sandbox.account import Caller
    from preflight.sandbox.settings import Settings

KINDS = ("new-free", "paid", "legacy-free")


def sandbox(
    context: typer.Context,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="A profile of your AWS configuration; the environment's when left out."),
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="Where labs are deployed; us-east-1 when you say none.")
    ] = None,
    limit: Annotated[
        float | None, typer.Option("--limit", metavar="USD", help="What you are willing to spend in a month.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="new-free, paid or legacy-free, for the prices.")
    ] = None,
    even_if_production: Annotated[
        bool, typer.Option("--even-if-production", help="Though the account looks like one that is in use.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """Name the one account labs may be deployed to, or show which it is.

    AWS is asked whose the credentials are; their account is kept in workspace/sandbox.toml, the credentials are not.
    """
    if context.invoked_subcommand is not None:
        return
    from preflight.sandbox.settings import load

    desk: Desk = context.obj
    before = load(desk.root)
    asked = (profile, region, limit, kind)
    if before is not None and not even_if_production and all(each is None for each in asked):
        _show(desk, before, as_json=as_json)
        return
    if kind is not None and kind not in KINDS:
        raise Usage(f"There is no kind of account called {kind}, only {', '.join(KINDS)}; ./lab sandbox --kind paid")
    settings, caller = _proposed(before, profile, region, limit, kind, even_if_production)
    if caller.production and not settings.production_anyway:
        raise Usage(
            f"{caller.production[:1].upper()}{caller.production[1:]}, so it looks like one that is in use; name "
            "another, or say ./lab sandbox --even-if-production"
        )
    if not yes:
        if not desk.interactive or as_json:
            raise Usage(
                f"These credentials are of account {caller.account} ({caller.arn}); to name it as your sandbox without "
                "being asked, say ./lab sandbox --yes"
            )
        desk.show(_lines(desk, settings, caller))
        if not typer.confirm("Deploy labs there, and nowhere else?", default=False):
            raise Usage("Nothing was changed; name another account with ./lab sandbox --profile NAME")
    settings.save(desk.root)
    _show(desk, settings, as_json=as_json)


def remove(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="The offline cloud of another terminal.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print plain data; what would be done, without --yes.")
    ] = False,
) -> int:
    """Take Preflight's bootstrap away from your sandbox account: its stack, bucket, repository and roles.

    The next ./lab deploy makes it anew. Somebody else's CDKToolkit is not touched.
    """
    from preflight.cli.destroy import loopback
    from preflight.cli.sweep import clear
    from preflight.sandbox.account import open_sandbox
    from preflight.sandbox.sweeping import labs_standing

    desk: Desk = context.obj
    command = "./lab sandbox remove"
    account = open_sandbox(desk.root, endpoint_url=loopback(endpoint, command))
    labs = labs_standing(desk.root, account)
    if labs:
        raise Usage(
            f"{' and '.join(labs)} still stand{'s' if len(labs) == 1 else ''}, and CloudFormation deletes labs with "
            f"the bootstrap's roles; first ./lab sweep, or ./lab destroy each, then {command}"
        )
    return clear(desk, account, command, yes=yes, as_json=as_json, only=("toolkit",))


def _proposed(
    before: Settings | None,
    profile: str | None,
    region: str | None,
    limit: float | None,
    kind: str | None,
    anyway: bool,
) -> tuple[Settings, Caller]:
    """The settings these words ask for, for the account AWS says the credentials are of."""
    from pydantic import ValidationError

    from preflight.exams import faults_of
    from preflight.sandbox.account import account_clients, ask_caller, refuse_root
    from preflight.sandbox.settings import Settings, local_endpoint

    if local_endpoint():
        raise Usage(
            "AWS_ENDPOINT_URL points to this machine, where no account is needed; deploy with ./lab deploy 1, or unset "
            "it, then ./lab sandbox"
        )
    profile = profile or (before.profile if before else None)
    region = region or (before.region if before else "us-east-1")
    caller = ask_caller(account_clients(profile), region, profile)
    refuse_root(caller)
    same = before if before and before.account == caller.account else None
    try:
        settings = Settings(
            account=caller.account,
            region=region,
            profile=profile,
            monthly_limit_usd=limit if limit is not None else same.monthly_limit_usd if same else 20.0,
            account_kind=kind or (same.account_kind if same else "new-free"),  # type: ignore[arg-type]
            production_anyway=anyway or (same.production_anyway if same else False),
        )
    except ValidationError as error:
        raise Usage(
            f"{'; '.join(faults_of(error))}; for instance ./lab sandbox --region us-east-1 --limit 20"
        ) from error
    return settings, caller


def _show(desk: Desk, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        desk.show_json(settings.model_dump())
        return
    desk.show(_lines(desk, settings, None).row("next", "./lab deploy 1", COMMAND, indent=0))


def _lines(desk: Desk, settings: Settings, caller: Caller | None) -> Lines:
    lines = desk.lines().add(f"Your sandbox is account {settings.account}, in {settings.region}.", COMMAND)
    lines.row("signed in", f"profile {settings.profile}" if settings.profile else "by the environment's credentials")
    if caller is not None:
        lines.row("as", caller.arn)
        if caller.alias:
            lines.row("called", caller.alias)
        if caller.production:
            lines.row("careful", caller.production, NOT_YET)
    lines.row("limit", f"{settings.monthly_limit_usd:g} USD a month, told beside every price")
    return lines.row("kind", f"{settings.account_kind}, which decides what is free")
