"""The offline cloud: moto's services in this process, with our CloudFormation in front and AWS's defaults."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from unittest.mock import patch

from preflight.clouds import Clients, Deployment, Keys
from preflight.clouds.isolation import FAKE_KEYS, environment, fake_environment, loopback_only

if TYPE_CHECKING:
    from preflight.cloudformation.engine import CloudFormation
    from preflight.cloudformation.providers import Context
    from preflight.cloudformation.stack import Stack
    from preflight.clouds.assets import StackArtifact
    from preflight.clouds.live import LiveAnswer
    from preflight.clouds.server import Server
    from preflight.clouds.web_parts import Answered
    from preflight.functions import Functions
    from preflight.template import Template


class OfflineCloud:
    """An empty AWS account on this machine, for as long as the context lasts.

    Our own boto3 calls stay inside this process; `serve()` opens the same cloud to any AWS tool on localhost. While
    it runs, AWS_* variables hold made-up credentials and no request of botocore leaves the machine. There is one at a
    time: moto's backends belong to the process.
    """

    _running: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, *, region: str = "us-east-1", account: str = "123456789012") -> None:
        self.region = region
        self.account = account
        self.beside: dict[str, Any] = {}
        self._bootstrap: dict[str, str] = {}
        self._made: dict[tuple[str, str], Any] = {}
        self._server: Server | None = None
        self._is_over = False
        self._opening = threading.Lock()
        self._undo = ExitStack()

    def __enter__(self) -> OfflineCloud:
        if not OfflineCloud._running.acquire(blocking=False):
            raise RuntimeError("an offline cloud runs in this process already; leave its context first")
        self._undo.callback(OfflineCloud._running.release)
        try:
            self._start()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the endpoint, forget everything, and give the process its own environment back."""
        with self._opening:
            self._is_over = True
        if self._server is not None:
            self._server.stop()
        self._undo.close()
        self._server = None

    def client(self, service: str, *, region: str | None = None) -> Any:
        """A boto3 client with the deployer's credentials."""
        return self._make_client(service, region or self.region)

    def warm_up(self, code: Path | None = None) -> None:
        """Load what deploying this stack file will take, for the time while another process synthesizes it.

        Everything works without it, later; the services are guessed from the file's imports.
        """
        from preflight.cloudformation import operation, validate  # noqa: F401
        from preflight.template import Template

        imported = _imported_services(code) if code is not None else []
        # every stack of CDK's publishes its template to a bucket
        for service in {"s3", *imported} & {*_session().get_available_services()}:
            self._warm_up_service(service)
        validate.check(Template({"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}))

    def _warm_up_service(self, service: str) -> None:
        import moto.backends

        self.client(service)
        # a service moto does not have is its own answer, when it is asked
        with contextlib.suppress(Exception):
            account = moto.backends.get_backend(service)[self.account]
            account[self.region if self.region in account else "aws"]

    def deploy(self, assembly_dir: Path, stack_name: str, *, parameters: Mapping[str, str] | None = None) -> Deployment:
        """Publish a stack's assets, then create it, or bring it to its new template, in the Region its app names.

        Raises Refused before anything is made, and DeployFailed when a resource failed and all was rolled back.
        """
        from preflight.clouds.assets import stack_artifact

        return self.deployment(self.deploy_artifact(stack_artifact(assembly_dir, stack_name), parameters=parameters))

    def deploy_artifact(self, artifact: StackArtifact, *, parameters: Mapping[str, str] | None = None) -> Stack:
        """Publish the assets of one stack of an assembly, then deploy it; raises as `deploy`."""
        from preflight.clouds.assets import publish
        from preflight.intrinsics import partition
        from preflight.template import Template

        region = artifact.region or self.region
        for manifest in artifact.manifests:
            s3 = self.client("s3", region=region)
            publish(manifest, s3, account=self.account, region=region, partition=partition(region))
        template = Template.load(artifact.template)
        given = {**artifact.parameters, **(parameters or {})}
        stack = self.deploy_template(artifact.name, template, parameters=given, tags=artifact.tags, region=region)
        stack.termination_protection = artifact.termination_protection
        return stack

    def deploy_template(
        self,
        name: str,
        template: Template,
        *,
        parameters: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        region: str | None = None,
    ) -> Stack:
        """Create a stack from a template, or bring it to its new one; raises as `deploy`."""
        self._bootstrap.update(_bootstrap_parameters(template))
        return self._converge(
            name, template, parameters=parameters, tags=tags, region=region or self.region, account=self.account
        )

    def deployment(self, stack: Stack) -> Deployment:
        """A stack of this cloud as a check meets it."""
        return Deployment(
            stack_name=stack.name,
            region=stack.region,
            account=stack.account,
            template=stack.template,
            design=stack.design(),
            outputs={name: str(value) for name, value in stack.outputs.items()},
            resources=list(stack.whole().values()),
            not_emulated=stack.not_emulated,
            mode="offline",
            make_client=self._clients.make,
            request=self._request,
            deliveries=self.deliveries.page,
        )

    def delete(self, stack_name: str, *, region: str | None = None) -> None:
        """Take a stack away."""
        self.cloudformation.delete_stack(stack_name, region=region or self.region, account=self.account)

    def reset(self) -> None:
        """Make the cloud empty again, keeping what is slow to load."""
        from preflight.clouds import workflows

        workflows.stop_all()
        self.deliveries.reset()
        self.functions.reset()
        self.cloudformation.reset()
        self.beside.clear()
        self._bootstrap.clear()
        _empty_backends()

    def serve(self, port: int = 0) -> str:
        """Open the cloud on localhost (a free port for 0) and give its URL; raises Unavailable when the port is taken.

        Serving a second time gives the same URL, or moves to the port asked for.
        """
        from preflight.clouds.live import NOT_EMULATED_PATH
        from preflight.clouds.server import Server
        from preflight.deliveries import PATH as DELIVERIES_PATH

        with self._opening:
            if self._is_over:
                # what is being ended may still ask; a server it started would outlive the cloud
                return self._server.url if self._server is not None else "http://localhost:9"
            if self._server is not None and port in (0, int(self._server.url.rpartition(":")[2])):
                return self._server.url
            pages = {NOT_EMULATED_PATH: self._not_emulated, DELIVERIES_PATH: self.deliveries.page}
            server = Server(port, pages, self.web.wsgi)
            if self._server is not None:
                self._server.stop()
            self._server = server
            return server.url

    def _converge(self, name: str, template: Template, *, region: str, account: str, **how: Any) -> Stack:
        from preflight.cloudformation.engine import Rejected

        place: dict[str, Any] = {"region": region, "account": account}
        existing = self.cloudformation.find(name, **place)
        if existing is not None and existing.status == "ROLLBACK_COMPLETE":
            # the CDK CLI deletes a stack that was never made, and begins again
            self.cloudformation.delete_stack(name, **place)
            existing = None
        if existing is None:
            return self.cloudformation.create_stack(name, template, **place, **how)
        try:
            return self.cloudformation.update_stack(name, template, **place, **how)
        except Rejected as error:
            if "No updates" not in str(error):
                raise
            return self.cloudformation.get(name, **place)

    def _not_emulated(self, stack_name: str) -> list[tuple[str, str]]:
        found = [stack for stack in self.cloudformation.stacks if stack.name == stack_name]
        return found[-1].not_emulated if found else []

    def _start(self) -> None:
        from preflight.cloudformation import api
        from preflight.cloudformation.engine import CloudFormation
        from preflight.clouds.authorize import authorized
        from preflight.clouds.lambda_network import reached
        from preflight.clouds.lambdas import handed_over
        from preflight.clouds.trails import Trails
        from preflight.clouds.web import Web
        from preflight.clouds.workflows import RoleClients, workflows_running
        from preflight.deliveries import Deliveries, delivering
        from preflight.functions import Functions

        self._is_over = False
        # moto knows one account unless it is told another
        other = {"MOTO_ACCOUNT_ID": self.account} if self.account != "123456789012" else {}
        self._undo.enter_context(environment({**fake_environment(self.region), **other}))
        self._undo.enter_context(loopback_only())
        self._undo.enter_context(_moto())
        self.authorizer = self._undo.enter_context(authorized(self.beside, account=self.account))
        self._clients = Clients(_session(), _config())
        self._undo.callback(self._made.clear)
        self.cloudformation: CloudFormation = CloudFormation(self._context)
        self._undo.callback(self.beside.clear)
        self._undo.callback(api.install(self.cloudformation))
        self._undo.callback(self.cloudformation.wait)
        self.functions: Functions = Functions(
            endpoint=self.serve, make_client=self._clients.make, keys=Keys, network=reached
        )
        self.authorizer.witness = Trails(self._make_client, self.account).witness
        self._undo.enter_context(handed_over(self.functions))
        # what it has under way still needs the services
        self._undo.callback(self.functions.close)
        of_role = RoleClients(self._clients.make).of_role
        self.web = Web(
            lambda: self.functions,
            self.authorizer,
            of_role,
            self._make_client,
            self.account,
            lambda: self.deliveries.now().timestamp(),
        )
        self._undo.enter_context(workflows_running(self._clients.make, self.authorizer))
        # what waits to be handed on is dropped before its functions end
        self.deliveries = self._undo.enter_context(
            delivering(
                Deliveries(
                    self.authorizer,
                    account=self.account,
                    functions=lambda: self.functions,
                    client=self._delivery_client,
                )
            )
        )
        # a limit of so many a second refills when the offline time is moved on
        self.web.buckets.clock = lambda: self.deliveries.now().timestamp()

    def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answered | LiveAnswer:
        """A plain HTTP request, answered in this process by what is deployed, or by a server on this machine."""
        from urllib.parse import urlsplit

        from preflight.clouds.isolation import LeavesThisMachine, is_loopback
        from preflight.clouds.live import requested

        host = urlsplit(url).netloc
        if self.web.knows(host):
            return self.web.request(method, url, headers, body)
        if re.search(r"(^|\.)s3(\.[a-z0-9-]+)?\.amazonaws\.com$", host):
            # a request without credentials is judged at the endpoint
            path = url.partition("://")[2].removeprefix(host) or "/"
            return requested(method, f"{self.serve()}{path}", {**headers, "Host": host}, body)
        if not is_loopback(urlsplit(url).hostname or ""):
            raise LeavesThisMachine(f"Nothing on this machine answers for {host}, and no request may leave it")
        return requested(method, url, headers, body)

    def _delivery_client(self, service: str, *, region: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A client for what one service asks of another: the deployer's, or one with a role's credentials."""
        if credentials is None:
            return self._make_client(service, region)
        keys = Keys(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
        return self._clients.make(service, region, keys)

    def _make_client(self, service: str, region: str) -> Any:
        """The deployer's client for a service and Region, made once."""
        if (service, region) not in self._made:
            self._made[service, region] = self._clients.make(service, region)
        return self._made[service, region]

    def _context(self, **place: Any) -> Context:
        from preflight.cloudformation.providers import Context

        return Context(make_client=self._provider_client, beside=self.beside, **place)

    def _provider_client(self, service: str, region: str) -> Any:
        if service == "ssm" and self._bootstrap:
            return _SsmWithBootstrap(self._bootstrap, lambda: self._make_client(service, region))
        return self._make_client(service, region)


def _imported_services(code: Path) -> list[str]:
    """The services a stack file imports, as far as it can be read; what it lacks is said where it is built."""
    try:
        return re.findall(r"\baws_([a-z0-9]+)", code.read_text("utf-8", errors="replace"))
    except OSError:
        return []


# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html: templates ask for 6 or more; checked_on 2026-11-22
BOOTSTRAP_VERSION = "30"


class _SsmWithBootstrap:
    """SSM, with the version of CDK's bootstrap, which every CDK stack asks for, answered beforehand.

    moto's SSM imports its EC2, 0.6 s that most labs have no other use for.
    """

    def __init__(self, answers: Mapping[str, str], make: Callable[[], Any]) -> None:
        self._answers = answers
        self._make = make

    def get_parameters(self, *, Names: Sequence[str], **rest: Any) -> dict[str, Any]:
        """As SSM's own, which is asked for the other names only."""
        known = [{"Name": name, "Value": self._answers[name]} for name in Names if name in self._answers]
        others = [name for name in Names if name not in self._answers]
        answer = self._make().get_parameters(Names=others, **rest) if others else {"InvalidParameters": []}
        return {**answer, "Parameters": [*known, *answer.get("Parameters", [])]}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)


def _bootstrap_parameters(template: Template) -> dict[str, str]:
    """The SSM parameters in which a template asks for the bootstrap's version."""
    asked = (each.get("Default", "") for each in template.parameters.values() if each.get("Type") == SSM_TYPE)
    return {name: BOOTSTRAP_VERSION for name in asked if name.startswith("/cdk-bootstrap/")}


SSM_TYPE = "AWS::SSM::Parameter::Value<String>"


@contextmanager
def _moto() -> Iterator[None]:
    """Every boto3 call of this process goes to moto, corrected, until the context ends."""
    from moto import mock_aws
    from moto.core.models import responses_mock

    from preflight.clouds.corrections import corrected

    # the environment is ours already, and the default session of whoever calls us stays theirs
    mock = mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": False}})
    mock.start()
    # what moto itself sends by `requests`, to an http subscriber of a topic say, stays on this machine too
    passed_on = responses_mock.passthru_prefixes
    responses_mock.passthru_prefixes = ("http://localhost", "http://127.0.0.1", "http://[::1]")
    try:
        with corrected(), _regions_known():
            yield
    finally:
        responses_mock.passthru_prefixes = passed_on
        mock.stop()


def _regions_known() -> AbstractContextManager[Any]:
    """One session answers for all which Regions a service has.

    moto's EC2 asks eleven new ones while it is imported, and each reads the service's model again: 0.4 s.
    """
    import boto3.session

    ask = boto3.session.Session.get_available_regions

    @cache
    def regions(service: str, partition_name: str = "aws", allow_non_regional: bool = False) -> tuple[str, ...]:
        return tuple(ask(_session(), service, partition_name, allow_non_regional))

    def get_available_regions(self: Any, *asked: Any, **named: Any) -> list[str]:
        return list(regions(*asked, **named))

    return patch.object(boto3.session.Session, "get_available_regions", get_available_regions)


def _empty_backends() -> None:
    """Forget everything moto holds.

    moto's own reset makes each backend anew only to drop it, which takes EC2 40 ms; only what holds files open needs
    its reset.
    """
    from moto.core.base_backend import BackendDict, BaseBackend, backend_lock
    from moto.core.model_instances import reset_model_data

    with backend_lock:
        for service in BackendDict._instances:
            for account in service.values():
                for backend in account.values():
                    if type(backend).reset is not BaseBackend.reset:
                        backend.reset()
            service.clear()
        BackendDict._instances.clear()
    reset_model_data()


@cache
def _session() -> Any:
    """One session for the process: it keeps the service models, which are slow to read."""
    # moto puts its handler into every session made after it was imported
    import boto3
    import moto.core.models  # noqa: F401

    return boto3.session.Session(aws_access_key_id=FAKE_KEYS.access_key, aws_secret_access_key=FAKE_KEYS.secret)


@cache
def _config() -> Any:
    from botocore.config import Config

    return Config(retries={"total_max_attempts": 1}, proxies={}, connect_timeout=2, read_timeout=20)
