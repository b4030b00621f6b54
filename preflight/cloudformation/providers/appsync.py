"""AppSync: GraphQL APIs and what answers them; no query is answered here."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call

_API = (
    "additionalAuthenticationProviders=AdditionalAuthenticationProviders authenticationType=AuthenticationType "
    "lambdaAuthorizerConfig=LambdaAuthorizerConfig logConfig=LogConfig openIDConnectConfig=OpenIDConnectConfig "
    "userPoolConfig=UserPoolConfig xrayEnabled=XrayEnabled"
)


class GraphQLApi(Table):
    """An API, and who may ask it."""

    type = "AWS::AppSync::GraphQLApi"
    service = "appsync"
    makes = call("create_graphql_api", f"name=Name visibility=Visibility {_API}")
    then = (
        Setting(
            call("update_graphql_api", f"name=Name {_API}", apiId="{made.ApiId}"),
            otherwise={"xrayEnabled": False},
            at_create=False,
        ),
    )
    drops = (
        "ApiType EnhancedMetricsConfig EnvironmentVariables IntrospectionConfig MergedApiExecutionRoleArn OwnerContact "
        "QueryDepthLimit ResolverCountLimit"
    )
    tags = Tags(call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"))
    ref = "graphqlApi.arn"
    attributes = (
        "Arn={ref} ApiId=graphqlApi.apiId GraphQLDns={made.ApiId}.appsync-api.{region}.amazonaws.com "
        "GraphQLUrl=https://{made.ApiId}.appsync-api.{region}.amazonaws.com/graphql "
        "RealtimeDns={made.ApiId}.appsync-realtime-api.{region}.amazonaws.com "
        "RealtimeUrl=wss://{made.ApiId}.appsync-realtime-api.{region}.amazonaws.com/graphql "
        "GraphQLEndpointArn=arn:{partition}:appsync:{region}:{account}:endpoints/graphql-api/{made.ApiId}"
    )
    describes = call("get_graphql_api", apiId="{made.ApiId}")
    unmakes = call("delete_graphql_api", apiId="{made.ApiId}")
    reads = (describes,)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The emulated service minds a second time."""
        told = context.client("appsync").list_graphql_apis()["graphqlApis"]
        if any(each["arn"] == made.physical_id for each in told):
            super().delete(made, declared, context)


class ApiKey(Table):
    """A key that lets its holder ask."""

    type = "AWS::AppSync::ApiKey"
    service = "appsync"
    makes = call("create_api_key", "apiId=ApiId description=Description expires=Expires")
    then = (
        Setting(
            call("update_api_key", "apiId=ApiId description=Description expires=Expires", id="{made.ApiKeyId}"),
            at_create=False,
        ),
    )
    ref = "arn:{partition}:appsync:{region}:{account}:apis/{ApiId}/apikeys"
    attributes = "ApiKey=apiKey.id ApiKeyId=apiKey.id Arn={ref}/{made.ApiKeyId}"
    unmakes = call("delete_api_key", "apiId=ApiId", id="{made.ApiKeyId}")
    reads = (call("list_api_keys", "apiId=ApiId"),)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The emulated service minds a second time."""
        told = self.read(made, declared, context)
        if any(each["id"] == made.attributes["ApiKeyId"] for answer in told for each in answer["apiKeys"]):
            super().delete(made, declared, context)


class GraphQLSchema(Table):
    """What can be asked."""

    type = "AWS::AppSync::GraphQLSchema"
    service = "appsync"
    makes = call("start_schema_creation", "apiId=ApiId definition=Definition")
    then = (Setting(call("start_schema_creation", "apiId=ApiId definition=Definition"), at_create=False),)
    drops = "DefinitionS3Location"
    untold = "ApiId"
    ref = "{ApiId}GraphQLSchema"
    attributes = "Id={ref}"
    reads = (call("get_introspection_schema", "apiId=ApiId", format="SDL"),)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """A schema that lies in a bucket is not fetched."""
        return {"definition": b"", **super().arguments(scope)}


_SOURCE = (
    "apiId=ApiId description=Description dynamodbConfig=DynamoDBConfig elasticsearchConfig=ElasticsearchConfig "
    "eventBridgeConfig=EventBridgeConfig httpConfig=HttpConfig lambdaConfig=LambdaConfig "
    "openSearchServiceConfig=OpenSearchServiceConfig relationalDatabaseConfig=RelationalDatabaseConfig "
    "serviceRoleArn=ServiceRoleArn type=Type metricsConfig=MetricsConfig"
)


class DataSource(Table):
    """Where an answer comes from."""

    type = "AWS::AppSync::DataSource"
    service = "appsync"
    named = Name("Name", limit=64)
    makes = call("create_data_source", _SOURCE, name="{name}")
    then = (Setting(call("update_data_source", _SOURCE, name="{name}"), at_create=False),)
    untold = "ApiId"
    ref = "dataSource.dataSourceArn"
    attributes = "DataSourceArn={ref} Name={name}"
    unmakes = call("delete_data_source", "apiId=ApiId", name="{name}")
    reads = (call("get_data_source", "apiId=ApiId", name="{name}"),)


_RESOLVER = (
    "apiId=ApiId cachingConfig=CachingConfig code=Code dataSourceName=DataSourceName fieldName=FieldName kind=Kind "
    "maxBatchSize=MaxBatchSize metricsConfig=MetricsConfig pipelineConfig=PipelineConfig "
    "requestMappingTemplate=RequestMappingTemplate responseMappingTemplate=ResponseMappingTemplate runtime=Runtime "
    "syncConfig=SyncConfig typeName=TypeName"
)


class Resolver(Table):
    """How a field is answered."""

    type = "AWS::AppSync::Resolver"
    service = "appsync"
    makes = call("create_resolver", _RESOLVER)
    then = (Setting(call("update_resolver", _RESOLVER), at_create=False),)
    drops = "CodeS3Location RequestMappingTemplateS3Location ResponseMappingTemplateS3Location"
    untold = "ApiId"
    ref = "resolver.resolverArn"
    attributes = "ResolverArn={ref} TypeName={TypeName} FieldName={FieldName}"
    unmakes = call("delete_resolver", "apiId=ApiId fieldName=FieldName typeName=TypeName")
    reads = (call("get_resolver", "apiId=ApiId fieldName=FieldName typeName=TypeName"),)


_FUNCTION = (
    "apiId=ApiId code=Code dataSourceName=DataSourceName description=Description "
    "functionVersion=FunctionVersion maxBatchSize=MaxBatchSize name=Name "
    "requestMappingTemplate=RequestMappingTemplate responseMappingTemplate=ResponseMappingTemplate runtime=Runtime "
    "syncConfig=SyncConfig"
)


class FunctionConfiguration(Table):
    """A step of a pipeline that answers a field."""

    type = "AWS::AppSync::FunctionConfiguration"
    service = "appsync"
    makes = call("create_function", _FUNCTION)
    then = (Setting(call("update_function", _FUNCTION, functionId="{made.FunctionId}"), at_create=False),)
    drops = "CodeS3Location RequestMappingTemplateS3Location ResponseMappingTemplateS3Location"
    untold = "ApiId"
    ref = "functionConfiguration.functionArn"
    attributes = (
        "FunctionArn={ref} FunctionId=functionConfiguration.functionId Name=functionConfiguration.name "
        "DataSourceName=functionConfiguration.dataSourceName"
    )
    unmakes = call("delete_function", "apiId=ApiId", functionId="{made.FunctionId}")
    reads = (call("get_function", "apiId=ApiId", functionId="{made.FunctionId}"),)
