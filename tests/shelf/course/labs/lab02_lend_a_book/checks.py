"""What a tiny library promises when it lends."""

from __future__ import annotations

from preflight.checks import IAM_GUIDE, Stack, after, allowed, expect, live_only


def check_a_reader_may_read(stack: Stack) -> None:
    """A reader may read every book.

    What is not allowed is denied, also reading.
    """
    books, reader = stack.output("BooksBucket"), stack.output("ReaderRole")
    decision = stack.may(reader, "s3:GetObject", f"arn:aws:s3:::{books}/novels/book")

    expect(
        allowed(decision),
        saw="a reader is refused a book",
        means="the library lends nothing",
        proved="the reader's role may get any object of the bucket",
        bullets=["CLF-C02 1.2-S1"],
        read=f"{IAM_GUIDE}/id_roles.html",
        where="ReaderRole",
    )


@after(check_a_reader_may_read)
def check_a_reader_may_not_write(stack: Stack) -> None:
    """A reader writes in no book.

    Least privilege: what a task needs, and no more.
    """
    books, reader = stack.output("BooksBucket"), stack.output("ReaderRole")
    decision = stack.may(reader, "s3:PutObject", f"arn:aws:s3:::{books}/novels/book")

    expect(
        not allowed(decision),
        saw="a reader may overwrite a book",
        means="one reader changes what all others read",
        proved="nothing lets the reader's role put an object",
        bullets=["CLF-C02 1.2-S1"],
        read=f"{IAM_GUIDE}/best-practices.html",
        where="ReaderRole",
    )


@live_only("offline nobody rings a bell")
def check_the_bell_rings(stack: Stack) -> None:
    """The bell rings when a book comes back.

    Nothing rings on this machine, so this waits for an account.
    """
    expect(
        stack.mode == "live",
        saw="silence",
        means="the book lies at the door",
        proved="the bell rang",
        bullets=["CLF-C02 1.2-S1"],
        read=f"{IAM_GUIDE}/introduction.html",
    )
