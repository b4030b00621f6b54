"""Mistakes people really make with Lab 9, each an edit of the worked template or of its function's file."""

from preflight.checks import breaks


@breaks(
    "a_note_comes_back",
    help="API Gateway may call a function when the function's own policy says so: a Lambda permission for this API.",
)
def mistake_the_api_may_not_call_the_function(template):
    for name in [name for name, each in template["Resources"].items() if each["Type"] == "AWS::Lambda::Permission"]:
        del template["Resources"][name]


@breaks(
    "a_note_comes_back",
    help="Seconds are shared: two notes of one second have one id, and a put without a condition replaces.",
    file="app.py",
)
def mistake_the_second_is_the_id(source):
    id = '"%032x" % int(__import__("time").time() // 60)'
    return source.replace("uuid.uuid4().hex", id).replace(', ConditionExpression="attribute_not_exists(id)"', "")


@breaks(
    "a_note_comes_back",
    help="strip() is meant well, and makes another note of it: the contract gives back what was sent, to the letter.",
    file="app.py",
)
def mistake_the_text_is_tidied(source):
    return source.replace('"text": note["text"]}', '"text": note["text"].strip()}')


@breaks(
    "the_table_holds_the_notes",
    help="A dict at the top of the file lives as long as one process does, and the process beside it has its own.",
    file="app.py",
)
def mistake_notes_kept_in_memory(source):
    kept = "table = type('Memory', (dict,), {'put_item': lambda self, Item, **_: self.update({Item['id']: Item}), "
    kept += "'get_item': lambda self, Key, **_: {'Item': self.get(Key['id'])}})()"
    return source.replace('table = boto3.resource("dynamodb").Table(os.environ["TABLE"])', kept)


@breaks(
    "the_table_holds_the_notes",
    help="A cache without an end answers with notes that are no longer there.",
    file="app.py",
)
def mistake_a_cache_without_an_end(source):
    source = source.replace("def give(id):", "@__import__('functools').cache\ndef give(id):")
    return source.replace("    return answer(201, item)", "    give(item['id'])\n    return answer(201, item)")


@breaks(
    "a_bad_note_is_refused",
    help="json.loads raises on what is no JSON. Uncaught, that is a 500, and the caller tries again.",
    file="app.py",
)
def mistake_trusting_that_it_is_json(source):
    return source.replace("    except (ValueError, RecursionError):\n", "    except ZeroDivisionError:\n")


@breaks(
    "a_bad_note_is_refused", help="A list has no .get: the body may be any JSON, not only an object.", file="app.py"
)
def mistake_trusting_that_it_is_an_object(source):
    return source.replace('note.get("text") if isinstance(note, dict) else None', 'note.get("text")')


@breaks("a_bad_note_is_refused", help="What is longer than the contract allows is refused too.", file="app.py")
def mistake_no_limit_on_length(source):
    return source.replace("if len(text) > LONGEST:", "if len(text) > 400_000:")


@breaks(
    "a_bad_note_is_refused",
    help="An ö is one character and two bytes in UTF-8. The contract counts characters, and so does len of a str.",
    file="app.py",
)
def mistake_bytes_taken_for_characters(source):
    return source.replace("if len(text) > LONGEST:", "if len(text.encode()) > LONGEST:")


@breaks(
    "a_bad_note_is_refused",
    help="200 with an error inside says that all is well: a script looks at the status, not at your words.",
    file="app.py",
)
def mistake_errors_answered_200(source):
    return source.replace("return answer(400,", "return answer(200,")


@breaks(
    "nothing_else_is_answered",
    help="get_item of an id that is not there answers without an Item. Ask for it with .get, and say 404.",
    file="app.py",
)
def mistake_the_item_taken_for_granted(source):
    return source.replace('ConsistentRead=True).get("Item")', 'ConsistentRead=True)["Item"]')


@breaks(
    "nothing_else_is_answered",
    help="A key of more than 2,048 bytes is refused by DynamoDB itself, and uncaught that is a 500.",
    file="app.py",
)
def mistake_any_id_is_looked_for(source):
    return source.replace('if re.fullmatch(r"[0-9a-f]{32}", id):', "if id:")


@breaks(
    "nothing_else_is_answered",
    help="ANY is every method, DELETE and PUT among them, and the function takes all of them for a GET.",
)
def mistake_any_method_on_a_note(template):
    route(template, "GET /notes/{id}")["RouteKey"] = "ANY /notes/{id}"


@breaks(
    "nothing_else_is_answered",
    help="$default is every path and method nobody else takes. The function has to refuse all of them by itself.",
)
def mistake_a_catch_all_route(template):
    first = route(template, "GET /notes/{id}")
    template["Resources"]["CatchAll"] = {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {**first, "RouteKey": "$default"},
    }
    allow_all_routes(template)


@breaks(
    "a_flood_is_throttled",
    help="Without a limit of the stage, the account's own holds: thousands of requests a second.",
)
def mistake_no_limit(template):
    del of_type(template, "AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]


@breaks("a_flood_is_throttled", help="A rate of 100 refills the bucket ten times as fast as the brief allows.")
def mistake_a_rate_for_a_stadium(template):
    limits(template)["ThrottlingRateLimit"] = 100


@breaks("a_flood_is_throttled", help="Ten wards ask at once when the shift changes: a burst of 4 turns six away.")
def mistake_a_burst_too_small(template):
    limits(template)["ThrottlingBurstLimit"] = 4


@breaks(
    "a_flood_is_throttled",
    help="A route with settings of its own goes by them: a limit for GET alone, and POST is open.",
)
def mistake_one_route_left_open(template):
    stage = of_type(template, "AWS::ApiGatewayV2::Stage")
    stage["RouteSettings"] = {"GET /notes/{id}": stage.pop("DefaultRouteSettings")}


@breaks("a_flood_is_throttled", help="Each stage has its own limits; a second stage without them is the way round.")
def mistake_a_second_stage_without_limit(template):
    api = of_type(template, "AWS::ApiGatewayV2::Stage")["ApiId"]
    template["Resources"]["TestStage"] = {
        "Type": "AWS::ApiGatewayV2::Stage",
        "Properties": {"ApiId": api, "StageName": "test", "AutoDeploy": True},
    }


@breaks("the_function_has_its_job_alone", help="grant_read_write_data adds Scan, DeleteItem and batches of both.")
def mistake_grant_read_write_data(template):
    names = (
        "BatchGetItem Query GetItem Scan ConditionCheckItem BatchWriteItem PutItem UpdateItem DeleteItem DescribeTable"
    )
    statement(template, "dynamodb:PutItem")["Action"] = [f"dynamodb:{name}" for name in names.split()]


@breaks(
    "the_function_has_its_job_alone",
    help="logs:* reads and deletes every log of the account. Writing one's own is two actions.",
)
def mistake_all_of_logs(template):
    statement(template, "logs:PutLogEvents")["Action"] = "logs:*"
    statement(template, "logs:*")["Resource"] = "*"


@breaks(
    "the_api_is_the_only_door",
    help="A function URL with AuthType NONE is on the internet, past API Gateway and its limit.",
)
def mistake_a_function_url_besides(template):
    function = {"Ref": name_of(template, "AWS::Lambda::Function")}
    template["Resources"]["Url"] = {
        "Type": "AWS::Lambda::Url",
        "Properties": {"TargetFunctionArn": function, "AuthType": "NONE"},
    }
    for name, action, besides in (
        ("MayUrl", "lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("MayInvoke", "lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        template["Resources"][name] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"FunctionName": function, "Action": action, "Principal": "*", **besides},
        }


@breaks(
    "the_api_is_the_only_door",
    help="Without SourceArn the permission is for API Gateway as such: for anybody's API, in any account.",
)
def mistake_a_permission_for_every_api(template):
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Lambda::Permission":
            del each["Properties"]["SourceArn"]


@breaks("the_api_is_the_only_door", help="A table has a policy of its own too, and it can let another account in.")
def mistake_a_table_policy_for_strangers(template):
    of_type(template, "AWS::DynamoDB::Table")["ResourcePolicy"] = {
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                    "Action": ["dynamodb:GetItem", "dynamodb:Scan"],
                    "Resource": "*",
                }
            ],
        }
    }


@breaks(
    "the_api_is_the_only_door",
    help="The account's root ARN in a trust policy means everyone in the account whose own policies let them ask.",
)
def mistake_the_account_may_take_the_role(template):
    trust = of_type(template, "AWS::IAM::Role")["AssumeRolePolicyDocument"]
    root = {"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "AWS::AccountId"}, ":root"]]}
    trust["Statement"].append({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": root}})


@breaks(
    "every_request_leaves_a_line",
    help="A role of your own brings nothing along: without logs:PutLogEvents the function's output goes nowhere.",
)
def mistake_a_role_without_logs(template):
    found = statement(template, "logs:PutLogEvents")
    for each in template["Resources"].values():
        if each["Type"] == "AWS::IAM::Policy" and found in each["Properties"]["PolicyDocument"]["Statement"]:
            each["Properties"]["PolicyDocument"]["Statement"].remove(found)


@breaks("every_request_leaves_a_line", help="API Gateway writes no access log until its stage names a log group.")
def mistake_no_access_log(template):
    del of_type(template, "AWS::ApiGatewayV2::Stage")["AccessLogSettings"]


@breaks(
    "every_request_leaves_a_line",
    help="print(event) writes the whole request, the note's text among it, into the function's log.",
    file="app.py",
)
def mistake_the_event_is_printed(source):
    return source.replace('    if event["routeKey"] ==', '    print(event)\n    if event["routeKey"] ==')


@breaks("unused_it_costs_nothing", help="Provisioned capacity is billed by the hour, asked for or not.")
def mistake_provisioned_capacity(template):
    table = of_type(template, "AWS::DynamoDB::Table")
    del table["BillingMode"]
    table["ProvisionedThroughput"] = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


@breaks("unused_it_costs_nothing", help="A log group without retention keeps every line for ever.")
def mistake_logs_kept_for_ever(template):
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Logs::LogGroup":
            del each["Properties"]["RetentionInDays"]


@breaks(
    "unused_it_costs_nothing",
    help="The function's own log group is made by Lambda on the first request, when the stack does not declare it.",
)
def mistake_the_functions_log_left_to_lambda(template):
    del of_type(template, "AWS::Lambda::Function")["LoggingConfig"]
    found = statement(template, "logs:PutLogEvents")
    found["Resource"] = "*"
    found["Action"] = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


@breaks("unused_it_costs_nothing", help="CDK keeps a table when its stack goes, unless it is told otherwise.")
def mistake_the_table_stays(template):
    table = template["Resources"][name_of(template, "AWS::DynamoDB::Table")]
    table["DeletionPolicy"] = table["UpdateReplacePolicy"] = "Retain"


def of_type(template, type_):
    """The properties of the first resource of a type."""
    return template["Resources"][name_of(template, type_)]["Properties"]


def name_of(template, type_):
    return next(name for name, each in template["Resources"].items() if each["Type"] == type_)


def limits(template):
    return of_type(template, "AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]


def route(template, key):
    """The properties of the route with this key."""
    routes = [each for each in template["Resources"].values() if each["Type"] == "AWS::ApiGatewayV2::Route"]
    return next(each["Properties"] for each in routes if each["Properties"]["RouteKey"] == key)


def allow_all_routes(template):
    """Let API Gateway call the function for whatever route of this API."""
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Lambda::Permission":
            parts = each["Properties"]["SourceArn"]["Fn::Join"][1]
            parts[-1] = parts[-1].partition("/")[0] + "/*"


def statement(template, action):
    """The policy statement that grants an action."""
    for each in template["Resources"].values():
        if each["Type"] == "AWS::IAM::Policy":
            for found in each["Properties"]["PolicyDocument"]["Statement"]:
                actions = found["Action"] if isinstance(found["Action"], list) else [found["Action"]]
                if action in actions:
                    return found
    raise LookupError(action)
