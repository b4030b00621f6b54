"""What a tiny library promises its readers."""

from __future__ import annotations

from preflight.checks import S3_GUIDE, Stack, after, attempt, expect


def check_a_book_stays_where_it_was_put(stack: Stack) -> None:
    """A book stays where it was put.

    A bucket keeps what was written to it; this is the promise every other one stands on.
    """
    books, s3 = stack.output("BooksBucket"), stack.client("s3")
    s3.put_object(Bucket=books, Key="preflight/book", Body=b"once upon a time")
    body = s3.get_object(Bucket=books, Key="preflight/book")["Body"].read()

    expect(
        body == b"once upon a time",
        saw=f"{books} gave back {len(body)} bytes",
        means="a reader gets another book",
        proved="a book was put and taken out again, unchanged",
        bullets=["CLF-C02 1.1-S1"],
        read=f"{S3_GUIDE}/Welcome.html",
        where="BooksBucket",
    )


def check_old_editions_stay(stack: Stack) -> None:
    """Old editions stay when a new one comes.

    Versioning keeps what an overwrite would lose.
    """
    books, s3 = stack.output("BooksBucket"), stack.client("s3")
    s3.put_object(Bucket=books, Key="preflight/book", Body=b"first")
    s3.put_object(Bucket=books, Key="preflight/book", Body=b"second")
    editions = s3.list_object_versions(Bucket=books, Prefix="preflight/book").get("Versions", [])

    expect(
        len(editions) == 2,
        saw=f"after two editions {books} keeps {len(editions)}",
        means="the first edition is lost for good",
        proved="two editions of one book stood side by side",
        rival="A backup keeps old editions as well. When is it the better place?",
        bullets=["CLF-C02 1.1-S1"],
        read=f"{S3_GUIDE}/Versioning.html",
        where="BooksBucket",
    )


@after(check_old_editions_stay)
def check_the_shelf_is_labelled(stack: Stack) -> None:
    """The shelf is labelled.

    A tag says whose a thing is, to people and to the bill.
    """
    books = stack.output("BooksBucket")
    tags = attempt(stack.client("s3").get_bucket_tagging, Bucket=books)
    labels = {tag["Key"]: tag["Value"] for tag in tags.value["TagSet"]} if tags.ok else {}

    expect(
        "shelf" in labels,
        saw=f"{books} carries no tag named shelf",
        means="nobody knows whose books these are",
        proved=f"the shelf is labelled {labels.get('shelf')}",
        bullets=["CLF-C02 1.1-K1"],
        read=f"{S3_GUIDE}/CostAllocTagging.html",
        where="BooksBucket",
    )
