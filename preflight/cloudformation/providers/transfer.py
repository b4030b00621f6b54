"""Transfer Family: servers and their users; no file is transferred here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Each, Name, Table, call


class Server(Table):
    """A server for SFTP, FTPS, FTP or AS2."""

    type = "AWS::Transfer::Server"
    service = "transfer"
    makes = call(
        "create_server",
        "Certificate Domain EndpointDetails EndpointType IdentityProviderDetails IdentityProviderType LoggingRole "
        "PostAuthenticationLoginBanner PreAuthenticationLoginBanner ProtocolDetails Protocols S3StorageOptions "
        "SecurityPolicyName StructuredLogDestinations Tags WorkflowDetails",
    )
    ref = "ServerId"
    attributes = (
        "ServerId={ref} Arn=arn:{partition}:transfer:{region}:{account}:server/{ref} State=Server.State "
        "As2ServiceManagedEgressIpAddresses=Server.As2ServiceManagedEgressIpAddresses"
    )
    drops = "CreateWithHostKey IpAddressType"
    describes = call("describe_server", ServerId="{ref}")
    unmakes = call("delete_server", ServerId="{ref}")
    reads = (describes,)


class User(Table):
    """Somebody who may use a server."""

    type = "AWS::Transfer::User"
    service = "transfer"
    named = Name("UserName", limit=100)
    makes = call(
        "create_user",
        "HomeDirectory HomeDirectoryMappings HomeDirectoryType Policy PosixProfile Role ServerId Tags",
        UserName="{name}",
    )
    then = (
        Each(
            "SshPublicKeys",
            add=call("import_ssh_public_key", "ServerId", UserName="{name}", SshPublicKeyBody="{item}"),
            remove=call("describe_user", "ServerId", UserName="{name}"),
        ),
    )
    ref = "{name}"
    attributes = "Arn=arn:{partition}:transfer:{region}:{account}:user/{ServerId}/{name}"
    unmakes = call("delete_user", "ServerId", UserName="{ref}")
    reads = (call("describe_user", "ServerId", UserName="{ref}"),)
