"""What the triage service's network promises to the clinic."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from preflight.checks import VPC_GUIDE, Stack, after, attempt, could_not_ask, expect


def check_losing_a_zone_leaves_both_tiers_standing(stack: Stack) -> None:
    """Losing one Availability Zone leaves both tiers standing.

    A subnet lives in exactly one Availability Zone: one or more data centers with their own power and network. Zones
    fail one at a time, so "highly available" on the exam begins with two of them. RDS refuses to start a database
    whose subnets cover fewer than two.
    """
    tiers = {WEBSITE_SUBNETS: zones(stack, WEBSITE_SUBNETS), DATABASE_SUBNETS: zones(stack, DATABASE_SUBNETS)}
    alone = {output: found for output, found in tiers.items() if len(found) < 2}

    expect(
        not alone,
        saw=listed([f"{output} {spread(found)}" for output, found in alone.items()]),
        means="when that one zone has a bad day, the clinic has no triage until it recovers",
        proved=f"both tiers span {listed(sorted(tiers[WEBSITE_SUBNETS] | tiers[DATABASE_SUBNETS]))}",
        rival="A second Region survives more. Which losses justify its price, and which does a second zone cover?",
        bullets=["CLF-C02 3.2-S2", "CLF-C02 3.2-S3", "SAA-C03 2.2-K1"],
        read=f"{VPC_GUIDE}/configure-subnets.html",
        where=place(stack, next(iter(alone))) if alone else None,
    )


def check_the_internet_reaches_https_and_nothing_else(stack: Stack) -> None:
    """The internet reaches the website over HTTPS, and nothing else.

    Three things make a subnet public: an internet gateway on the VPC, a route to it, and a public address on what
    stands there. The security group then decides on which port. Everything else that is open is found within hours:
    scanners walk the whole IPv4 internet all day.
    """
    group, subnets = website_group(stack), ids(stack, WEBSITE_SUBNETS)
    for subnet in subnets:
        for visitor in VISITORS:
            way = stack.reaches(visitor, f"{group} in {subnet}", 443)
            expect(
                bool(way),
                saw=said(way),
                means="patients see a browser that waits until it gives up",
                proved="visitors from anywhere reach port 443 in every website subnet",
                bullets=["CLF-C02 3.5-S1", "SAA-C03 1.2-S1"],
                read=f"{VPC_GUIDE}/VPC_Internet_Gateway.html",
                where=getattr(way, "logical_id", None) or place(stack, WEBSITE_SUBNETS),
            )

    opened = first_open(stack, "internet", [f"{group} in {subnet}" for subnet in subnets], NOT_A_WEBSITE)
    expect(
        opened is None,
        saw=f"{opened and packet(opened)} of a website server answers {opened and let_in_by(opened)}",
        means="somebody tries that door every few minutes, with every password that ever leaked",
        proved="no port but 443 and 80 answers the internet",
        rival="A network ACL could close ports too. Why is it a poor place for rules about one kind of server?",
        bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-K3"],
        read=f"{VPC_GUIDE}/vpc-security-groups.html",
        where=(opened and decided_by(opened, group)) or WEBSITE_GROUP,
    )

    elsewhere = [
        (item, rule, source)
        for item, rule in inbound(stack, group)
        for source in addresses(stack, rule)
        if not is_for_visitors(rule) and is_elsewhere(stack, source)
    ]
    item, rule, source = elsewhere[0] if elsewhere else (None, {}, "")
    expect(
        not elsewhere,
        saw=f"the website's security group lets {called(source)} in on {ports_of(rule)}",
        means="whoever holds one of those addresses gets a door that visitors do not have",
        proved="the website's security group opens no other port to addresses outside the VPC",
        bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-S1"],
        read=f"{VPC_GUIDE}/security-group-rules.html",
        where=item or WEBSITE_GROUP,
    )


def check_the_website_reaches_the_database(stack: Stack) -> None:
    """The website reaches the database, question and answer.

    A packet that arrives is half a connection: the answer has to find its way back. Security groups are stateful and
    let it through by themselves. Network ACLs are stateless and see a new packet, addressed to whatever port the
    asker chose (an ephemeral port).
    """
    asker, database = website_group(stack), database_group(stack)
    for source in ids(stack, WEBSITE_SUBNETS):
        for target in ids(stack, DATABASE_SUBNETS):
            way = stack.reaches(f"{asker} in {source}", f"{database} in {target}", 5432)
            gap = way if not way else next(iter(way.except_for), None)
            expect(
                gap is None,
                saw=said(gap),
                means="the website starts, says it is healthy, and fails on the first note",
                proved="every pair of website and database subnets exchanges question and answer on port 5432",
                rival="With security groups alone the answer needs no rule. What makes them able to know?",
                bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-K3"],
                read=f"{VPC_GUIDE}/nacl-ephemeral-ports.html",
                where=getattr(gap, "logical_id", None) or DATABASE_GROUP,
            )


@after(check_the_website_reaches_the_database)
def check_nobody_else_reaches_the_database(stack: Stack) -> None:
    """The database answers the website on port 5432, and nobody else.

    A rule whose source is an address range trusts whatever stands there next year. A rule whose source is a security
    group trusts a job: it follows the website's servers when they scale, move or change addresses. It is the exam's
    answer to "only the web tier may reach the database".
    """
    asker, database = website_group(stack), database_group(stack)
    targets = [f"{database} in {subnet}" for subnet in ids(stack, DATABASE_SUBNETS)]
    for stranger in ["internet", *vpc_blocks(stack)]:
        let_in = first_open(stack, stranger, targets, EVERY_PORT)
        expect(
            let_in is None,
            saw=f"{let_in and let_in.source} reaches the database on {let_in and packet(let_in)}, "
            "whatever security group it wears",
            means="one careless machine in the network, and the notes are a password away",
            proved="no address by itself is let in, from inside the VPC or outside",
            bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-S1"],
            read=f"{VPC_GUIDE}/security-group-rules.html",
            where=(let_in and decided_by(let_in, database)) or DATABASE_GROUP,
        )

    by_address = [(item, rule, source) for item, rule in inbound(stack, database) for source in addresses(stack, rule)]
    item, rule, source = by_address[0] if by_address else (None, {}, "")
    expect(
        not by_address,
        saw=f"the database's security group lets {called(source)} in on {ports_of(rule)}",
        means="whatever has one of those addresses next year is let in as well",
        proved="no rule of the database's security group names an address",
        bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-S1"],
        read=f"{VPC_GUIDE}/security-group-rules.html",
        where=item or DATABASE_GROUP,
    )

    others = groups_let_in(stack, database) - {asker, database}
    expect(
        not others,
        saw=f"the database also trusts {listed([named_group(stack, each) for each in sorted(others)])}",
        means="whatever wears that group reads notes, and it is not the website",
        proved="no group but the website's is let in",
        bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-S1"],
        read=f"{VPC_GUIDE}/security-group-rules.html",
        where=DATABASE_GROUP,
    )

    askers = [f"{asker} in {subnet}" for subnet in ids(stack, WEBSITE_SUBNETS)]
    opened = first_open(stack, askers, targets, NOT_THE_DATABASE)
    expect(
        opened is None,
        saw=f"the website's servers also reach {opened and packet(opened)} of the database",
        means="whoever takes over a website server has more doors to try than the one it needs",
        proved="the website is let in on port 5432 alone",
        rival="The website's subnets have known addresses. What would a rule for their range let in as well?",
        bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-K3"],
        read=f"{VPC_GUIDE}/security-group-rules.html",
        where=(opened and decided_by(opened, database)) or DATABASE_GROUP,
    )


def check_the_database_has_no_road_to_the_internet(stack: Stack) -> None:
    """The database has no road to the internet, in or out.

    What makes a subnet private is its route table, not its name. Without a route no packet gets out, whatever the
    rules of any security group say next month. A NAT gateway lets nobody in, and lets everything out: for a database
    that holds notes, out is the direction that matters.
    """
    roads = [
        (subnet, table, route)
        for subnet, table in route_tables(stack, DATABASE_SUBNETS)
        for route in roads_out(stack, table)
    ]
    subnet, table, route = roads[0] if roads else ("", {}, {})

    expect(
        not roads,
        saw=f"the route table of {named(stack, subnet)} sends {destination(route)} to {named(stack, target_of(route))}",
        means="a stolen password on the database server is enough to carry the notes out",
        proved="the route tables of the database subnets lead within the VPC, and to gateway endpoints",
        rival="A NAT gateway lets nobody in. When is a way out alone already too much?",
        bullets=["CLF-C02 3.5-S1", "SAA-C03 1.2-S2"],
        read=f"{VPC_GUIDE}/VPC_Route_Tables.html",
        where=declared_route(stack, table, route) or place(stack, DATABASE_SUBNETS),
    )


def check_backups_reach_s3_without_the_internet(stack: Stack) -> None:
    """The database reaches S3 without the internet.

    S3 lives outside every VPC. From a subnet without a road to the internet there are two ways to it: an interface
    endpoint (an address in your subnet, billed by the hour) and a gateway endpoint (a route, free, for S3 and DynamoDB
    alone). A gateway endpoint works for the subnets whose route tables it is written into, and for no other.
    """
    database = database_group(stack)
    endpoints = [
        item
        for item in stack.of_type(ENDPOINT)
        if str(item.properties.get("ServiceName")).endswith(f".{stack.region}.s3")
    ]
    expect(
        bool(endpoints),
        saw=f"the VPC has no endpoint for S3 in {stack.region}",
        means="last night's backup waits for a connection that never comes",
        proved="the VPC has an endpoint for S3",
        bullets=["SAA-C03 1.2-K2", "CLF-C02 3.5-S1"],
        read=PRIVATELINK_GUIDE,
        where=place(stack, DATABASE_SUBNETS),
    )
    vpc = vpc_id(stack)
    names = stack.client("ec2").describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    expect(
        names["EnableDnsSupport"]["Value"],
        saw="the VPC's DNS support is off, and S3 is found by name",
        means="last night's backup looks for S3's address and finds nobody to ask",
        proved="the VPC answers DNS questions, so S3's name leads to an address",
        bullets=["SAA-C03 1.2-K2", "CLF-C02 3.5-S1"],
        read=f"{VPC_GUIDE}/vpc-dns.html",
        where=next(iter(stack.find(vpc)), None),
    )
    for subnet in ids(stack, DATABASE_SUBNETS):
        ways = [stack.reaches(f"{database} in {subnet}", item.logical_id, 443) for item in endpoints]
        gaps = [way if not way else next(iter(way.except_for), None) for way in ways]
        if None not in gaps:
            ask_known_lists(gaps)
        expect(
            None in gaps,
            saw=said(gaps[0]),
            means="last night's backup waits for a connection that never comes",
            proved="from every database subnet the database reaches S3 through an endpoint, over AWS's own network",
            rival="A NAT gateway leads to S3 as well. What does it cost, and where else does it lead?",
            bullets=["SAA-C03 1.2-K2", "SAA-C03 4.4-S3", "CLF-C02 3.5-S1"],
            read=PRIVATELINK_GUIDE,
            where=getattr(gaps[0], "logical_id", None) or place(stack, DATABASE_SUBNETS),
        )


@after(check_the_website_reaches_the_database)
def check_the_database_subnets_have_a_lock_of_their_own(stack: Stack) -> None:
    """The database subnets have a lock of their own.

    No other subnet gets in on a port below 1024, even with every security group opened by mistake.
    A security group belongs to a machine, and whoever starts a machine chooses it. A network ACL belongs to the
    subnet: it holds for everything inside, can deny, and is read in the order of its numbers. AWS calls it a second
    layer, and so does the exam: first the group, then, where it must not depend on one person, the ACL.
    """
    inner = ids(stack, DATABASE_SUBNETS)
    others = [each for each in vpc_subnets(stack) if each not in inner]
    let_in = first_open(stack, others, inner, WELL_KNOWN)

    expect(
        let_in is None,
        saw=f"with its security group opened by mistake, {let_in and packet(let_in)} of a database server "
        f"is open to {let_in and let_in.source}",
        means="one person in a hurry decides alone: nothing stands behind the security group",
        proved="ports below 1024 stay shut to every other subnet even with all security groups open",
        rival="Why not leave all of it to the network ACL, and give every machine an open group?",
        bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-S1"],
        read=f"{VPC_GUIDE}/vpc-network-acls.html",
        where=(let_in and admitted_by(let_in)) or place(stack, DATABASE_SUBNETS),
    )


def check_addresses_fit_the_hospital_and_leave_room(stack: Stack) -> None:
    """Addresses fit beside the hospital's and leave room.

    Next spring the hospital's network (10.0.0.0/16) is joined to yours. Networks that share an address can be joined
    by neither peering nor VPN, and a VPC's first CIDR block stays for its life. A subnet's size is as final: AWS keeps
    five addresses of each, the first four and the last.
    """
    shared = [block for block in vpc_blocks(stack) if overlaps(block, HOSPITAL)]
    expect(
        not shared,
        saw=f"the VPC's {listed(shared)} and the hospital's {HOSPITAL} share addresses",
        means="next spring's connection to the hospital begins with building this network again",
        proved=f"no address of the VPC lies in {HOSPITAL}",
        rival="NAT between two overlapping networks exists. Who has to understand it at three in the morning?",
        bullets=["SAA-C03 3.4-K2", "CLF-C02 3.5-S1"],
        read=f"{VPC_GUIDE}/vpc-cidr-blocks.html",
        where=next((item for item in stack.of_type("AWS::EC2::VPC")), None),
    )

    free = {
        each["SubnetId"]: each["AvailableIpAddressCount"]
        for output in (WEBSITE_SUBNETS, DATABASE_SUBNETS)
        for each in described(stack, output)
    }
    tight = [subnet for subnet, room in free.items() if room < ROOM]
    expect(
        not tight,
        saw=listed([f"{named(stack, subnet)} has room for {free[subnet]}" for subnet in tight]),
        means="the day the service grows, machines fail to start for want of an address",
        proved=f"every subnet has at least {min(free.values())} addresses to give",
        rival="Why not one /16 subnet for everything?",
        bullets=["SAA-C03 3.4-K2", "CLF-C02 3.5-S1"],
        read=f"{VPC_GUIDE}/subnet-sizing.html",
        where=next(iter(stack.find(tight[0])), None) if tight else place(stack, WEBSITE_SUBNETS),
    )


def check_an_idle_month_costs_nothing(stack: Stack) -> None:
    """An idle month costs nothing.

    A VPC, its subnets, route tables, security groups, network ACLs, internet gateway and gateway endpoints are free.
    NAT gateways, interface endpoints and public IPv4 addresses are not, and run while you sleep. CDK's Vpc makes a NAT
    gateway in every zone unless told otherwise: the most common surprise on a beginner's bill.
    """
    billed, month, has_all_prices = billed_idle(stack)
    about = "about" if has_all_prices else "more than"
    price = f"{about} {month:.{0 if month >= 1 else 2}f} USD a month, before any use" if month else "billed while idle"

    expect(
        not billed,
        saw=f"the stack declares {kinds(billed.values())}: {price}",
        means="a network nobody uses yet costs more than the notes it was built for",
        proved="the stack declares nothing that this check knows to be billed while idle",
        rival="What would have to be true of the database for a NAT gateway to be worth its price?",
        bullets=["CLF-C02 4.2-K2", "SAA-C03 4.4-K4"],
        read="https://aws.amazon.com/vpc/pricing/",
        where=next(iter(billed), None),
    )


def ids(stack: Stack, output: str) -> list[str]:
    """The subnets an output names, checked to be subnets that exist."""
    ask_one_stack(stack)
    value = stack.output(output)
    found = list(dict.fromkeys(each.strip() for each in value.split(",") if each.strip()))
    if not found or not all(each.startswith("subnet-") for each in found):
        could_not_ask(f"the output {output} holds “{value}”; put subnet ids in it, separated by commas")
    return found


def ask_known_lists(gaps: Sequence[Any]) -> None:
    """A prefix list that a custom resource looks up is known only where the stack really runs."""
    unknown = [value for gap in gaps for value in gap.depends if value.startswith("<")]
    if unknown:
        could_not_ask(
            f"nobody here knows which prefix list {unknown[0]} is; "
            "write S3's id, pl-63a5400a in us-east-1, then ask again"
        )


def ask_one_stack(stack: Stack) -> None:
    """Nothing is known about what stands in a nested stack."""
    nested = next(iter(stack.of_type("AWS::CloudFormation::Stack")), None)
    if nested is not None:
        could_not_ask(f"nested stacks are not built offline ({label(nested)} is one); put it in the one stack")


def label(nested: Any) -> str:
    """A nested stack as the learner's code names it; CDK wraps it in constructs of its own."""
    return str(nested.path or nested.logical_id).partition("/")[2].partition(".NestedStack")[0] or nested.logical_id


def described(stack: Stack, output: str) -> list[dict[str, Any]]:
    """What EC2 says about the subnets of an output."""
    answer = attempt(stack.client("ec2").describe_subnets, SubnetIds=ids(stack, output))
    if not answer.ok:
        could_not_ask(f"EC2 does not know the subnets in the output {output}: {answer.message}")
    return answer.value["Subnets"]


def zones(stack: Stack, output: str) -> set[str]:
    """The zones a tier is sure to have: where a subnet names none, AWS picks one, and may pick the same again."""
    return {each["AvailabilityZone"] for each in described(stack, output) if names_its_zone(stack, each["SubnetId"])}


def names_its_zone(stack: Stack, subnet: str) -> bool:
    named = ("AvailabilityZone", "AvailabilityZoneId")
    return all(any(item.properties.get(key) for key in named) for item in stack.find(subnet))


def spread(found: set[str]) -> str:
    return f"cover one zone only, {next(iter(found))}" if found else "name no Availability Zone (AWS picks one)"


def website_group(stack: Stack) -> str:
    return group_id(stack, WEBSITE_GROUP)


def database_group(stack: Stack) -> str:
    group = group_id(stack, DATABASE_GROUP)
    if group == website_group(stack):
        could_not_ask(
            f"{WEBSITE_GROUP} and {DATABASE_GROUP} name one group; give each tier a security group of its own"
        )
    return group


def group_id(stack: Stack, output: str) -> str:
    ask_one_stack(stack)
    value = stack.output(output)
    if not value.startswith("sg-"):
        could_not_ask(f"the output {output} holds “{value}”; put a security group's id in it (sg-...)")
    return value


def vpc_id(stack: Stack) -> str:
    found = {each["VpcId"] for output in (WEBSITE_SUBNETS, DATABASE_SUBNETS) for each in described(stack, output)}
    if len(found) != 1:
        could_not_ask(f"the subnets of both tiers are in {len(found)} VPCs; the brief asks for one")
    return found.pop()


def vpc_blocks(stack: Stack) -> list[str]:
    """The IPv4 CIDR blocks of the VPC."""
    vpc = stack.client("ec2").describe_vpcs(VpcIds=[vpc_id(stack)])["Vpcs"][0]
    return [each["CidrBlock"] for each in vpc["CidrBlockAssociationSet"] if in_use(each["CidrBlockState"])]


def vpc_subnets(stack: Stack) -> list[str]:
    answer = stack.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id(stack)]}])
    return [each["SubnetId"] for each in answer["Subnets"]]


def in_use(state: dict[str, str]) -> bool:
    return state.get("State") in ("associated", "associating")


def groups_let_in(stack: Stack, group: str) -> set[str]:
    """The security groups a group's inbound rules name."""
    found = stack.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return {pair["GroupId"] for rule in found["IpPermissions"] for pair in rule.get("UserIdGroupPairs", [])}


def named_group(stack: Stack, group: str) -> str:
    """A security group in words: the construct that makes it, the VPC's default one, or its name."""
    words = named(stack, group)
    if words != group:
        return words
    answer = attempt(stack.client("ec2").describe_security_groups, GroupIds=[group])
    name = answer.value["SecurityGroups"][0]["GroupName"] if answer.ok else ""
    return "the VPC's default security group" if name == "default" else f"{name or 'a group'} ({group})"


def inbound(stack: Stack, group: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each inbound rule the stack declares for a security group, with the resource that holds it."""
    for item in stack.find(group):
        if item.type == "AWS::EC2::SecurityGroup":
            yield from ((item, rule) for rule in item.properties.get("SecurityGroupIngress") or [])
    for item in stack.of_type("AWS::EC2::SecurityGroupIngress"):
        if item.properties.get("GroupId") == group:
            yield item, item.properties


def addresses(stack: Stack, rule: dict[str, Any]) -> list[str]:
    """The addresses a rule names: blocks, those of a prefix list of the stack, or the id of a list made elsewhere."""
    blocks = [str(rule[key]) for key in ("CidrIp", "CidrIpv6") if rule.get(key)]
    return blocks + (listed_blocks(stack, rule["SourcePrefixListId"]) if rule.get("SourcePrefixListId") else [])


def listed_blocks(stack: Stack, prefix_list: str) -> list[str]:
    """The blocks of a prefix list of the stack, else its id, which tells nothing."""
    own = [item for item in stack.find(prefix_list) if item.type == "AWS::EC2::PrefixList"]
    return [str(entry["Cidr"]) for item in own for entry in item.properties.get("Entries") or []] or [str(prefix_list)]


def is_elsewhere(stack: Stack, source: str) -> bool:
    """Whether a rule's source is outside the VPC and not on the internet: private addresses, or a list of AWS's."""
    try:
        net = ipaddress.ip_network(source, strict=False)
    except ValueError:
        return True
    ours = map(ipaddress.ip_network, vpc_blocks(stack))
    return not is_public(str(net)) and not any(net.version == each.version and net.subnet_of(each) for each in ours)


def is_for_visitors(rule: dict[str, Any]) -> bool:
    """Whether a rule opens nothing but the website's ports; what has no ports opens none."""
    protocol = protocol_of(rule)
    if protocol not in ("tcp", "udp", "-1"):
        return True
    ports = (str(rule.get("FromPort")), str(rule.get("ToPort")))
    return (protocol, *ports) in (("tcp", "80", "80"), ("tcp", "443", "443"), ("udp", "443", "443"))


def ports_of(rule: dict[str, Any]) -> str:
    """A rule's protocol and ports in words."""
    protocol = protocol_of(rule)
    low, high = rule.get("FromPort"), rule.get("ToPort")
    if protocol not in ("tcp", "udp"):
        return "all traffic" if protocol == "-1" else protocol
    return f"{protocol} port {low}" if str(low) == str(high) else f"{protocol} ports {low}-{high}"


def protocol_of(rule: dict[str, Any]) -> str:
    name = str(rule.get("IpProtocol", "")).lower()
    return {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}.get(name, name)


def called(source: str) -> str:
    return f"prefix list {source}" if source.startswith("pl-") else source


def route_tables(stack: Stack, output: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each subnet with the route table it uses: the one associated with it, else the VPC's main one."""
    ec2 = stack.client("ec2")
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id(stack)]}])["RouteTables"]
    for subnet in ids(stack, output):
        own = [table for table in tables if any(each.get("SubnetId") == subnet for each in table["Associations"])]
        main = [table for table in tables if any(each.get("Main") for each in table["Associations"])]
        yield subnet, (own or main)[0]


def roads_out(stack: Stack, table: dict[str, Any]) -> list[dict[str, Any]]:
    """A table's routes that hold addresses of the internet and lead to something other than a gateway endpoint."""
    return [
        route
        for route in table["Routes"]
        if target_of(route) != "local"
        and not target_of(route).startswith("vpce-")
        and any(map(is_public, listed_blocks(stack, destination(route))))
    ]


def destination(route: dict[str, Any]) -> str:
    keys = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return next((route[key] for key in keys if route.get(key)), "")


def target_of(route: dict[str, Any]) -> str:
    return next((str(route[key]) for key in ROUTE_TARGETS if route.get(key)), "nowhere")


def is_public(block: str) -> bool:
    """Whether a destination holds any address outside the private ranges; a list nobody here can read may."""
    try:
        net = ipaddress.ip_network(block, strict=False)
    except ValueError:
        return True
    return not any(net.version == private.version and net.subnet_of(private) for private in PRIVATE)


def overlaps(one: str, other: str) -> bool:
    return ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))


def place(stack: Stack, output: str) -> Any:
    """The first subnet of an output, to point at."""
    return next(iter(stack.find(ids(stack, output)[0])), None)


def named(stack: Stack, physical_id: str) -> str:
    """A resource as the learner's code names it, where it does."""
    found = [item.path for item in stack.find(physical_id) if item.path] if physical_id else []
    if len(found) != 1:
        return physical_id
    steps = found[0].split("/")[1:]
    return "/".join(steps[:-1] if steps[-1] in ("Resource", "Subnet") and len(steps) > 1 else steps)


def declared_route(stack: Stack, table: dict[str, Any], route: dict[str, Any]) -> Any:
    """The route as the stack declares it, to point at."""
    for item in stack.of_type("AWS::EC2::Route"):
        wanted = (table.get("RouteTableId"), destination(route))
        if (item.properties.get("RouteTableId"), destination(item.properties)) == wanted:
            return item
    return None


def decided_by(way: Any, group: str) -> str | None:
    """The logical id of the last group or rule that let a packet in."""
    named = [hop.logical_id for hop in way.hops if hop.logical_id and "ingress rule" in hop.detail]
    return named[-1] if named else None


def admitted_by(way: Any) -> str | None:
    """The logical id of the last network ACL entry, or ACL, that let the question in."""
    named = [hop.logical_id for hop in way.hops if hop.logical_id and hop.detail.startswith("admits inbound")]
    return named[-1] if named else None


def let_in_by(way: Any) -> str:
    """Whom the rule that let a packet in names, and one of them."""
    rules = [hop.detail for hop in way.hops if "ingress rule" in hop.detail]
    whom = rules[-1].partition("(")[2].partition(")")[0] if rules else ""
    one = way.source.partition("(")[2].rstrip(")") or way.source
    return f"{'anyone (' + whom + ')' if whom in EVERYONE else whom or 'the internet'}, for instance {one}"


def first_open(
    stack: Stack,
    sources: str | Sequence[str],
    targets: Sequence[str],
    ports: Sequence[tuple[str, tuple[int, int]]],
) -> Any:
    """The first way in over any of these protocols and port ranges, or None."""
    for protocol, span in ports:
        way = stack.reaches(sources, targets, span, protocol)
        # what answers behind a load balancer alone is not open itself
        if way and not way.through:
            return way
    return None


def billed_idle(stack: Stack) -> tuple[dict[str, str], float, bool]:
    """What is billed though nobody uses it, as types by logical id; its USD a month; and whether all have a price."""
    ask_one_stack(stack)
    found = stack.cost()
    priced = {line.logical_id: line.type for line in found.lines if not line.by_use and line.usd_a_month}
    # of a type nobody knows there is nothing to say; of these it is known that they are never free
    known = {each.logical_id: each.type for each in found.unpriced if each.why.startswith(PRICED_ELSEWHERE)}
    known |= {each.logical_id: each.type for each in found.unpriced if each.type in NEVER_FREE}
    return priced | known, found.per_month, not known


def kinds(types: Iterable[str]) -> str:
    """What resources of these types are, counted."""
    words = {
        "NatGateway": "NAT gateway",
        "EIP": "Elastic IP",
        "VPCEndpoint": "interface endpoint",
        "Key": "KMS key",
        "ReplicaKey": "KMS replica key",
        "Secret": "secret",
        "HostedZone": "hosted zone",
    }
    counted = Counter(each.rsplit("::", 1)[-1] for each in types)
    return listed([f"{count} {words.get(name, name)}{'s' if count > 1 else ''}" for name, count in counted.items()])


def packet(way: Any) -> str:
    return f"{way.protocol} port {way.port}"


def said(way: Any) -> str:
    """What stopped a packet, as a sentence; empty when nothing did."""
    return "" if way is None or way else way.because


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them."""
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)


WEBSITE_SUBNETS = "WebsiteSubnets"
DATABASE_SUBNETS = "DatabaseSubnets"
WEBSITE_GROUP = "WebsiteSecurityGroup"
DATABASE_GROUP = "DatabaseSecurityGroup"

HOSPITAL = "10.0.0.0/16"
EVERYONE = ("0.0.0.0/0", "::/0")
ROOM = 100
# people from three ends of the IPv4 internet
VISITORS = ("18.204.77.10", "91.198.174.192", "203.0.113.80")
# HTTP/3 is HTTPS over udp 443
NOT_A_WEBSITE = (
    ("tcp", (22, 22)),
    ("tcp", (1, 79)),
    ("tcp", (81, 442)),
    ("tcp", (444, 65535)),
    ("udp", (1, 442)),
    ("udp", (444, 65535)),
)
NOT_THE_DATABASE = (("tcp", (22, 22)), ("tcp", (1, 5431)), ("tcp", (5433, 65535)), ("udp", (1, 65535)))
EVERY_PORT = (("tcp", (1, 65535)), ("udp", (1, 65535)))
# SSH first, because it is the one people look for
WELL_KNOWN = (("tcp", (22, 22)), ("tcp", (1, 1023)), ("udp", (1, 1023)))

PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)
ROUTE_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
)
ENDPOINT = "AWS::EC2::VPCEndpoint"
PRIVATELINK_GUIDE = "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"
# what the estimate says of a thing that has a price in another Region
PRICED_ELSEWHERE = "there is no price for "
# these are billed by the hour, and the estimate has no price for some or all of them
NEVER_FREE = (
    "AWS::EC2::Instance",
    "AWS::EC2::Volume",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::ClientVpnEndpoint",
    "AWS::Route53Resolver::ResolverEndpoint",
)
