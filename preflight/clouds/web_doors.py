"""Who comes in at a gateway: signatures, tokens, keys, and how many a second."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from preflight.clouds.web_parts import Asked, Document

if TYPE_CHECKING:
    from preflight.analysis.access import Decision
    from preflight.analysis.policy import Policy
    from preflight.clouds.authorize import Authorizer
    from preflight.clouds.holders import Caller

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d*/([^/]*)/([^/]*)/")


@dataclass
class Buckets:
    """Token buckets: so many at once (burst), refilled at so many a second (rate)."""

    clock: Callable[[], float] = time.monotonic
    _held: dict[str, tuple[float, float]] = field(default_factory=dict)
    _counted: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str, rate: float | None, burst: float | None) -> bool:
        """One request; False when it is too many. Without limits none is; a rate or burst of 0 lets nobody in."""
        if rate is None and burst is None:
            return True
        rate = 10000.0 if rate is None else float(rate)
        burst = 5000.0 if burst is None else float(burst)
        with self._lock:
            now = self.clock()
            tokens, last = self._held.get(name, (burst, now))
            tokens = min(burst, tokens + max(0.0, now - last) * rate)
            allowed = tokens >= 1
            self._held[name] = (tokens - 1 if allowed else tokens, now)
            return allowed

    def count(self, name: str, limit: int) -> bool:
        """One request of a quota; False when it is used up."""
        with self._lock:
            used = self._counted.get(name, 0)
            if used >= limit:
                return False
            self._counted[name] = used + 1
            return True


@dataclass(frozen=True)
class Signer:
    """Who signed a request; `caller` is None for the deployer, who is not limited."""

    arn: str
    key: str
    account: str
    caller: Caller | None


class UnknownKey(Exception):
    """The key of a signature was issued here and is no more."""


def signer(asked: Asked, authorizer: Authorizer, account: str) -> Signer | None:
    """Who signed a request; None when nobody did."""
    found = _CREDENTIAL.search(asked.header("authorization") or "")
    presigned = dict(asked.query).get("X-Amz-Credential", "").partition("/")[0]
    key = found[1] if found else presigned
    if not key:
        return None
    from preflight.clouds.holders import Gone

    try:
        caller = authorizer.caller(key)
    except Gone:
        raise UnknownKey from None
    if caller is None:
        return Signer(f"arn:aws:iam::{account}:root", key, account, None)
    return Signer(caller.principal.arn, key, caller.principal.account or account, caller)


def iam_facts(who: Signer) -> Document:
    """What an event says of a caller who signed."""
    caller = who.caller
    identifier = str(caller.context.get("aws:userid", who.key)) if caller else who.account
    return {
        "accessKey": who.key,
        "accountId": who.account,
        "callerId": identifier,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": who.arn,
        "userId": identifier,
    }


def token_claims(
    token: str, issuer: str, audiences: list[str], clock: Callable[[], float] = time.time
) -> tuple[Document | None, str]:
    """The claims of a JSON Web Token, or why it is not taken; it must be signed by its issuer's key.

    Issuers are user pools of the emulated Cognito, and OpenID providers on localhost.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html, checked_on 2026-11-22.
    """
    claims = _verified(token, issuer)
    if claims is None:
        return None, "the token's signature cannot be verified"
    if claims.get("iss") != issuer:
        return None, "the token has another issuer"
    audience = claims.get("aud", claims.get("client_id"))
    told = audience if isinstance(audience, list) else [audience]
    if audiences and not set(told) & set(audiences):
        return None, "the token is for another audience"
    now = clock()
    if "exp" in claims and float(claims["exp"]) <= now:
        return None, "the token has expired"
    if float(claims.get("nbf", 0)) > now or float(claims.get("iat", 0)) > now + 1:
        return None, "the token is not valid yet"
    return claims, ""


def _verified(token: str, issuer: str) -> Document | None:
    from joserfc import jwt
    from joserfc.errors import JoseError

    key = _pool_key(issuer) if "cognito-idp" in issuer else _fetched_keys(issuer)
    if key is None or token.count(".") != 2:
        return None
    try:
        return dict(jwt.decode(token, key, algorithms=["RS256", "ES256", "PS256", "RS512"]).claims)
    except (JoseError, ValueError, KeyError):
        return None


def _pool_key(issuer: str) -> Any:
    module = sys.modules.get("moto.cognitoidp.models")
    if module is None:
        return None
    pool_id = issuer.rstrip("/").rpartition("/")[2]
    for account in list(module.cognitoidp_backends.values()):
        for backend in list(account.values()):
            if pool_id in backend.user_pools:
                return backend.user_pools[pool_id].json_web_key
    return None


def _fetched_keys(issuer: str) -> Any:
    """An issuer's keys; only a provider on this machine is asked."""
    from urllib.error import URLError
    from urllib.parse import urlsplit
    from urllib.request import urlopen

    from joserfc.jwk import KeySet

    from preflight.clouds.isolation import is_loopback

    try:
        place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        if not is_loopback(urlsplit(place).hostname or ""):
            return None
        with urlopen(place, timeout=2) as answer:
            keys = json.load(answer)["jwks_uri"]
        if not is_loopback(urlsplit(keys).hostname or ""):
            return None
        with urlopen(keys, timeout=2) as answer:
            return KeySet.import_key_set(json.load(answer))
    except (URLError, OSError, ValueError, KeyError):
        return None


def scopes_of(claims: Mapping[str, Any]) -> list[str]:
    """A token's scopes."""
    told = claims.get("scope", claims.get("scp", ""))
    return list(told) if isinstance(told, list) else str(told).split()


def decided(
    authorizer: Authorizer,
    who: Signer | None,
    action: str,
    resource: str,
    *,
    policy: Policy | None,
    asked: Asked,
    context: Mapping[str, Any] | None = None,
) -> Decision:
    """Whether a caller (nobody in particular for None) may do an action, by their policies and the resource's."""
    from preflight.analysis.access import Principal
    from preflight.clouds.holders import Caller

    if who is not None and who.caller is None:
        from preflight.clouds.holders import _EVERYTHING

        caller = Caller(Principal.of(who.arn), (_EVERYTHING,))
    else:
        caller = who.caller if who is not None and who.caller is not None else Caller(Principal.of("anyone"))
    told = {"aws:SourceIp": asked.source_ip, "aws:UserAgent": asked.header("user-agent"), **(context or {})}
    return authorizer.decide_for(caller, action, resource, policy=policy, context=told)
