"""A data lake's settings, places, tags and permissions are as declared, and gone afterwards."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/analyst"
CATALOG = "123456789012"


@pytest.fixture
def lake(bench):
    glue = bench.client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"})
    glue.create_table(DatabaseName="lake", TableInput={"Name": "books"})
    return bench.client("lakeformation")


def test_settings(bench):
    admins = [{"DataLakePrincipalIdentifier": ROLE}]
    declared = {
        "Admins": admins,
        "CreateDatabaseDefaultPermissions": [],
        "TrustedResourceOwners": [CATALOG],
        "AllowExternalDataFiltering": False,
        "Parameters": {"CROSS_ACCOUNT_VERSION": "4"},
        "MutationType": "REPLACE",
    }
    made = bench.make("AWS::LakeFormation::DataLakeSettings", "Settings", **declared)
    assert (made.ref, made.unapplied, bench.lost(made)) == (CATALOG, (), set())
    changed = bench.change(made, Admins=[{"DataLakePrincipalIdentifier": f"{ROLE}2"}])
    assert bench.lost(changed) == set()
    bench.delete(changed)
    assert bench.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]["DataLakeAdmins"] == []


def test_a_place(bench):
    declared = {"ResourceArn": "arn:aws:s3:::lake/books", "UseServiceLinkedRole": True, "HybridAccessEnabled": True}
    made = bench.make("AWS::LakeFormation::Resource", "Place", **declared)
    assert (made.ref, made.unapplied, bench.lost(made)) == ("arn:aws:s3:::lake/books", (), set())
    told = bench.client("lakeformation").describe_resource(ResourceArn=made.ref)["ResourceInfo"]
    assert told["RoleArn"].endswith("/AWSServiceRoleForLakeFormationDataAccess")
    changed = bench.change(made, ResourceArn=made.ref, UseServiceLinkedRole=False, RoleArn=ROLE)
    assert bench.lost(changed) == set()
    bench.delete(changed)
    bench.delete(changed)
    assert bench.client("lakeformation").list_resources()["ResourceInfoList"] == []


@pytest.mark.parametrize(
    ("kind", "declared"),
    [
        (
            "AWS::LakeFormation::Permissions",
            {
                "DataLakePrincipal": {"DataLakePrincipalIdentifier": ROLE},
                "Resource": {"DatabaseResource": {"CatalogId": CATALOG, "Name": "lake"}},
                "Permissions": ["CREATE_TABLE", "ALTER"],
                "PermissionsWithGrantOption": ["ALTER"],
            },
        ),
        (
            "AWS::LakeFormation::PrincipalPermissions",
            {
                "Principal": {"DataLakePrincipalIdentifier": ROLE},
                "Resource": {"Table": {"CatalogId": CATALOG, "DatabaseName": "lake", "Name": "books"}},
                "Permissions": ["SELECT"],
                "PermissionsWithGrantOption": [],
            },
        ),
    ],
)
def test_permissions(bench, lake, kind, declared):
    made = bench.make(kind, "Grant", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    bench.delete(made)
    bench.delete(made)
    assert lake.list_permissions()["PrincipalResourcePermissions"] == []


def test_fewer_permissions_are_revoked(bench, lake):
    declared = {
        "DataLakePrincipal": {"DataLakePrincipalIdentifier": ROLE},
        "Resource": {"TableResource": {"DatabaseName": "lake", "Name": "books"}},
    }
    made = bench.make("AWS::LakeFormation::Permissions", "Grant", **declared, Permissions=["SELECT", "INSERT"])
    bench.change(made, **declared, Permissions=["SELECT"])
    (told,) = lake.list_permissions()["PrincipalResourcePermissions"]
    assert told["Permissions"] == ["SELECT"]
    for missing in ({"DatabaseName": "none", "Name": "books"}, {"DatabaseName": "lake", "Name": "none"}):
        with pytest.raises(ClientError, match="not found: none"):
            bench.make(
                "AWS::LakeFormation::Permissions",
                "Grant",
                **{**declared, "Resource": {"TableResource": missing}},
                Permissions=["SELECT"],
            )


def test_tags(bench, lake):
    made = bench.make("AWS::LakeFormation::Tag", "Tag", CatalogId=CATALOG, TagKey="level", TagValues=["low", "high"])
    assert (made.ref, made.unapplied, bench.lost(made)) == ("level", (), set())
    changed = bench.change(made, CatalogId=CATALOG, TagKey="level", TagValues=["high", "top"])
    assert sorted(lake.get_lf_tag(TagKey="level")["TagValues"]) == ["high", "top"]
    on = bench.make(
        "AWS::LakeFormation::TagAssociation",
        "On",
        Resource={"Database": {"CatalogId": CATALOG, "Name": "lake"}},
        LFTags=[{"CatalogId": CATALOG, "TagKey": "level", "TagValues": ["high"]}],
    )
    assert on.unapplied == ()
    assert bench.lost(on) <= {"Resource.Database.CatalogId=123456789012", "Resource.Database.Name=lake"}
    for each in (on, on, changed, changed):
        bench.delete(each)
    assert lake.list_lf_tags()["LFTags"] == []


def test_a_filter(bench, lake):
    made = bench.make(
        "AWS::LakeFormation::DataCellsFilter",
        "Filter",
        TableCatalogId=CATALOG,
        DatabaseName="lake",
        TableName="books",
        Name="few",
        ColumnNames=["id"],
        RowFilter={"FilterExpression": "id > 3"},
    )
    assert (made.ref, made.unapplied, bench.lost(made)) == (f"{CATALOG}|lake|books|few", (), set())
    bench.delete(made)
    bench.delete(made)
    assert lake.list_data_cells_filter()["DataCellsFilters"] == []
