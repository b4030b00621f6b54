"""A stack file becomes an assembly, whatever the learner wrote in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight import assemblies, synth
from preflight.assemblies import Store
from preflight.errors import BrokenCode, Unavailable
from preflight.fresh import is_own
from preflight.stack_faults import cdk_sentence
from preflight.synth import Assembly, Synthesizer, where

HEAD = """\
import aws_cdk as cdk
from aws_cdk import aws_iam as iam, aws_lambda as lambda_, aws_s3 as s3

class NotesStack(cdk.Stack):
    def __init__(self, scope, construct_id, **kwargs):
        super().__init__(scope, construct_id, **kwargs)
"""


class Desk:
    """A learner's folder and the synthesizer that reads it."""

    def __init__(self, root: Path, synthesizer: Synthesizer, said: list[str]) -> None:
        self.root, self.synthesizer, self.said = root, synthesizer, said
        self.folder = root / "workspace" / "lab01_notes"

    def write(self, source: str | bytes, name: str = "stack.py") -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source if isinstance(source, bytes) else source.encode())
        return file

    def synth(self, source: str | bytes | None = None, *, limit: float = 30) -> Assembly:
        if source is not None:
            self.write(source)
        self.said.clear()
        return self.synthesizer.synth(self.folder, "Lab1", limit=limit)

    def refusal(self, source: str | bytes, *, limit: float = 30) -> BrokenCode:
        with pytest.raises(BrokenCode) as refused:
            self.synth(source, limit=limit)
        return refused.value


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Synthesizer, list[str]]]:
    root, said = tmp_path_factory.mktemp("desk"), list[str]()
    with Synthesizer(root, say=said.append) as synthesizer:
        yield root, synthesizer, said


@pytest.fixture
def desk(warm: tuple[Path, Synthesizer, list[str]]) -> Desk:
    root, synthesizer, said = warm
    desk = Desk(root, synthesizer, said)
    for file in desk.folder.rglob("*") if desk.folder.exists() else []:
        if file.is_file():
            file.unlink()
    return desk


def with_body(body: str) -> str:
    return HEAD + indent(dedent(body), " " * 8)


def resources(assembly: Assembly) -> dict[str, dict[str, object]]:
    return dict(json.loads(assembly.template_path.read_text())["Resources"])


# a stack that can be built


def test_a_stack_file_becomes_an_assembly(desk: Desk) -> None:
    assembly = desk.synth(with_body("s3.Bucket(self, 'Notes', versioned=True)"))

    (bucket,) = resources(assembly).values()
    assert assembly.stack_name == "Lab1"
    assert bucket["Type"] == "AWS::S3::Bucket"
    assert bucket["Metadata"] == {"aws:cdk:path": "Lab1/Notes/Resource"}
    assert not (assembly.directory / "validation-report.json").exists()


def test_cdk_json_s_qualifier_and_flags_reach_the_stack(desk: Desk) -> None:
    assembly = desk.synth(with_body("s3.Bucket(self, 'Notes', server_access_logs_prefix='logs/')"))

    manifest = (assembly.directory / "manifest.json").read_text()
    assert "cdk-preflight-assets" in manifest and "hnb659fds" not in manifest
    assert "AWS::S3::BucketPolicy" in str(resources(assembly)), "a recommended flag replaces the ACL by a policy"


def test_the_stack_belongs_to_no_account_and_no_region(desk: Desk) -> None:
    assembly = desk.synth(with_body("s3.Bucket(self, 'Notes')"))

    manifest = json.loads((assembly.directory / "manifest.json").read_text())
    assert manifest["artifacts"]["Lab1"]["environment"] == "aws://unknown-account/unknown-region"


def test_a_second_class_named_west_is_the_companion(desk: Desk) -> None:
    west = "\n\nclass NotesWest(cdk.Stack):\n    pass\n"

    assembly = desk.synth(with_body("s3.Bucket(self, 'Notes')") + west)

    manifest = json.loads((assembly.directory / "manifest.json").read_text())
    assert assembly.companions == ("Lab1West",)
    assert manifest["artifacts"]["Lab1West"]["environment"] == "aws://unknown-account/us-west-2"


def test_a_helper_beside_the_stack_is_read_again_after_every_save(desk: Desk) -> None:
    desk.write("VERSIONED = True \n", "helper.py")
    source = "import helper\n" + with_body("s3.Bucket(self, 'Notes', versioned=helper.VERSIONED)")
    before = desk.synth(source)

    # as long as before, within the same second: a .pyc would not notice
    desk.write("VERSIONED = False\n", "helper.py")
    after = desk.synth()

    assert "VersioningConfiguration" in str(resources(before))
    assert "VersioningConfiguration" not in str(resources(after))
    assert not list(desk.folder.rglob("__pycache__"))


def test_nested_stacks_and_private_bases_are_not_taken_for_the_lab_s(desk: Desk) -> None:
    assembly = desk.synth(
        with_body("_Inner(self, 'Inner')")
        + "\n\nclass Part(cdk.NestedStack):\n    pass\n"
        + "\n\nclass _Inner(cdk.NestedStack):\n    pass\n"
    )
    assert "AWS::CloudFormation::Stack" in str(resources(assembly))


def test_what_the_code_prints_is_passed_on_and_does_no_harm(desk: Desk) -> None:
    desk.synth(
        with_body(
            """
            import os, sys
            print("printed")
            os.write(1, b'{"made": 1}\\n')
            sys.stderr.write("and an error")
            """
        )
    )
    assert "".join(desk.said) == 'printed\n{"made": 1}\nand an error'


def test_a_megabyte_of_words_is_cut_short(desk: Desk) -> None:
    desk.synth(with_body("print('x' * 1_000_000)"))

    (words,) = desk.said
    assert len(words) < 10_000
    assert "KB more that your code printed" in words


@pytest.mark.parametrize(
    "body",
    [
        "import os; os.chdir('/')",
        "import sys; sys.path.clear()",
        "import sys; sys.stdout = None",
        "import os; os.environ.clear()",
        "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    ],
)
def test_what_the_code_does_to_its_process_ends_with_it(desk: Desk, body: str) -> None:
    desk.synth(with_body(body))
    desk.synth(with_body("s3.Bucket(self, 'Notes')\nprint('still here')"))
    assert desk.said == ["still here\n"]


def test_cdk_s_warnings_come_with_the_assembly(desk: Desk) -> None:
    assembly = desk.synth(with_body("cdk.Annotations.of(s3.Bucket(self, 'Notes')).add_warning('think twice')"))
    assert assembly.warnings == ("Lab1/Notes: think twice",)


# a stack that cannot be built yet

BROKEN = {
    "a syntax error": ("import aws_cdk\nclass A(aws_cdk.Stack:\n", 2, "Python cannot read this line"),
    "an indent": ("class A:\n    def f(self):\n  pass\n", 3, "Python cannot read this line: unindent"),
    "a null byte": ("x = 1\0\n", 1, "null bytes"),
    "an exception at import": ("import aws_cdk\n\nx = 1 / 0\n", 3, "ZeroDivisionError: division by zero"),
    "a package that is missing": (
        "import nosuchpandas\n",
        1,
        "nosuchpandas.py is not beside stack.py; take the import out (",
    ),
    "a package with another name": ("import bs4\n", 1, "-m pip install beautifulsoup4"),
    "a misspelt module": ("import aws_cdk.aws_s33\n", 1, "did you mean 'aws_s3'?"),
    "a misspelt import": ("from aws_cdk import aws_s33\n", 1, "did you mean 'aws_s3'?"),
    "a relative import": ("from .helper import x\n", 1, "write `import helper`"),
    "sys.exit": ("import sys\n\nsys.exit(3)\n", 3, "ends the whole program"),
    "os._exit": ("import os\n\nos._exit(3)\n", 3, "ends the whole program"),
    "no class": ("import aws_cdk\n", None, "found no stack class (no class at all)"),
    "no stack class": ("class Notes:\n    pass\n", 1, "found no stack class (only Notes)"),
    "two stack classes": (HEAD + "\nclass B(cdk.Stack):\n    pass\n", 8, "found 2 stack classes, NotesStack and B"),
    "a misspelt property": (with_body("s3.Bucket(self, 'N', version=True)"), 7, "did you mean 'versioned'?"),
    "a wrong type": (
        with_body("s3.Bucket(self, 'N', versioned='yes')"),
        7,
        "versioned must be one of (bool, NoneType)",
    ),
    "a misspelt constant": (with_body("s3.BucketEncryption.KMS_MANGED"), 7, "did you mean 'KMS_MANAGED'?"),
    "a misspelt name": (with_body("notes = 1\nprint(note)"), 8, "did you mean 'notes'?"),
    "one id twice": (
        with_body("s3.Bucket(self, 'Notes')\ns3.Bucket(self, 'Notes')"),
        8,
        "There is already a construct with the id 'Notes' in Lab1",
    ),
    "an asset that is not there": (
        with_body(
            "lambda_.Function(self, 'F', runtime=lambda_.Runtime.PYTHON_3_13, handler='a.b',\n"
            "    code=lambda_.Code.from_asset('nope'))"
        ),
        7,
        "Cannot find asset at",
    ),
    "a fault that shows at synth": (
        with_body(
            "role = iam.Role(self, 'R', assumed_by=iam.ServicePrincipal('ec2.amazonaws.com'))\n"
            "role.add_to_policy(iam.PolicyStatement(actions=['s3:*']))"
        ),
        7,
        "Lab1/R/DefaultPolicy: A PolicyStatement used in an identity-based policy must specify at least one resource;",
    ),
    "an error annotation": (
        with_body("b = s3.Bucket(self, 'Notes')\ncdk.Annotations.of(b).add_error('Too open.')"),
        7,
        "Lab1/Notes carries the error: Too open;",
    ),
    "an aspect that fails": (
        "import jsii\n"
        + with_body("s3.Bucket(self, 'B')\ncdk.Aspects.of(self).add(_Looks())")
        + "\n\n@jsii.implements(cdk.IAspect)\nclass _Looks:\n"
        + "    def visit(self, node):\n        raise ValueError('no')\n",
        14,
        "no; mend it",
    ),
    "a recursion": (
        HEAD + "        self.go()\n\n    def go(self):\n        self.go()\n",
        10,
        "calls itself without end",
    ),
    "a question": (with_body("input('name? ')"), 7, "waits here for someone to type"),
    "no super().__init__": (
        "import aws_cdk\nclass A(aws_cdk.Stack):\n    def __init__(self, scope, construct_id):\n        pass\n",
        3,
        "super().__init__(scope, construct_id, **kwargs)",
    ),
    "an id of its own": (
        "import aws_cdk\nclass A(aws_cdk.Stack):\n    def __init__(self, scope, construct_id):\n"
        "        super().__init__(scope, 'Mine')\n",
        3,
        "gives itself the id 'Mine'",
    ),
    "one argument more": (
        "import aws_cdk\nclass A(aws_cdk.Stack):\n    def __init__(self, scope, construct_id, bucket):\n"
        "        super().__init__(scope, construct_id)\n",
        3,
        "missing a required argument: 'bucket'",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_whatever_is_broken_is_told_in_one_sentence_with_its_line(desk: Desk, fault: str) -> None:
    source, line, words = BROKEN[fault]

    broken = desk.refusal(source)

    assert words in broken.message
    assert (broken.file, broken.line) == (Path("workspace/lab01_notes/stack.py"), line)
    assert broken.message.endswith("then ./lab check 1")
    assert "\n" not in broken.message and "wrong" not in broken.message


def test_a_fault_in_a_helper_points_into_the_helper(desk: Desk) -> None:
    desk.write("def bucket():\n    return 1 / 0\n", "helper.py")

    broken = desk.refusal("import helper\n" + with_body("helper.bucket()"))

    assert str(broken.file) == "workspace/lab01_notes/helper.py" and broken.line == 2


@pytest.mark.parametrize(
    "body", ["while True:\n    pass", "import time\ntime.sleep(60)", "while True:\n    print('x' * 999)"]
)
def test_an_endless_loop_is_ended_and_told_with_its_line(desk: Desk, body: str) -> None:
    broken = desk.refusal(with_body(body), limit=1)

    assert "still running after 1 s" in broken.message and broken.message.endswith("then ./lab check 1")
    assert broken.file is not None and broken.file.name == "stack.py" and broken.line in (7, 8)
    assert len("".join(desk.said)) < 10_000
    assert desk.synth(with_body("s3.Bucket(self, 'Notes')")).stack_name == "Lab1", "a new child takes over"


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_child_that_dies_is_told_and_replaced(desk: Desk) -> None:
    broken = desk.refusal(with_body("import os\nos.abort()"))

    assert "ended the whole Python process (SIGABRT)" in broken.message and broken.line == 8
    assert desk.synth(with_body("s3.Bucket(self, 'Notes')")).stack_name == "Lab1"


def test_code_that_is_gone_is_named(desk: Desk) -> None:
    with pytest.raises(BrokenCode, match=r"there is no such file; ./lab reset 1"):
        desk.synthesizer.synth(desk.root / "workspace" / "lab01_gone" / "stack.py", "Lab1")


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for node")
def test_a_node_that_does_not_run_is_the_machine_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", str(tmp_path / "no-node"))
    (tmp_path / "stack.py").write_text(HEAD)

    with Synthesizer(tmp_path) as synthesizer, pytest.raises(Unavailable, match=r"\./lab doctor"):
        synthesizer.synth(tmp_path, "Lab1")


# where a construct was made


def test_every_construct_knows_the_line_that_made_it(desk: Desk) -> None:
    desk.write("from aws_cdk import aws_s3\ndef bucket(scope):\n    aws_s3.Bucket(scope, 'Far')\n", "helper.py")
    assembly = desk.synth(
        "import helper\n"
        + with_body(
            """
            for name in ("Notes", "Drafts"):
                s3.Bucket(self, f"{name}Bucket", enforce_ssl=True)
            helper.bucket(self)
            """
        )
    )

    stack = str(desk.folder / "stack.py")
    assert assembly.where("Lab1/DraftsBucket/Policy/Resource") == (stack, 10)
    assert assembly.where("Lab1/Far") == (str(desk.folder / "helper.py"), 3)
    assert assembly.where("Lab1/CDKMetadata") == (stack, 5), "what nobody wrote belongs to the class"


def test_packages_are_never_the_learner_s_even_where_their_folder_holds_the_venv(tmp_path: Path) -> None:
    packages = Path(sysconfig.get_path("purelib"))
    for folder in packages.parents[1:4]:
        assert not is_own(str(packages / "jsii" / "_runtime.py"), folder)
        assert not is_own(str(Path(os.__file__)), folder)
    another = tmp_path / "env" / "lib" / "site-packages" / "jsii.py"
    assert not is_own(str(another), tmp_path)
    assert is_own(str(tmp_path / "good.py"), tmp_path) and is_own(str(tmp_path / "helper.py"), tmp_path / "workspace")


def test_without_an_assembly_the_source_tells_where(tmp_path: Path) -> None:
    file = tmp_path / "stack.py"
    file.write_text(with_body("notes = s3.Bucket(self, 'Notes')\nother = s3.Bucket(scope=self, id='Other')"))

    assert where(tmp_path, "Lab1/Notes/Resource") == (str(file), 7)
    assert where(file, "Lab1/Other") == (str(file), 8)
    assert where(file, "Lab1/Unknown/Thing") == (str(file), 4)


# what is unchanged is not built again


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(_: Path) -> None:
        raise AssertionError("a child was started")

    with monkeypatch.context() as patch:
        patch.setattr(synth, "_Child", refuse)
        yield


def test_unchanged_code_starts_no_child(desk: Desk, no_child: None) -> None:
    first = desk.synth(with_body("s3.Bucket(self, 'Notes')\nprint('seen')"))
    said: list[str] = []

    with Synthesizer(desk.root, say=said.append) as second:
        pending = second.begin(desk.folder, "Lab1")
        again = pending.result()

    assert pending.cached and again.cached and not first.cached
    assert resources(again) == resources(first)
    assert again.where("Lab1/Notes") == first.where("Lab1/Notes")
    assert said == ["seen\n"], "what the code said belongs to the answer"


def test_going_back_to_earlier_code_finds_its_assembly(desk: Desk) -> None:
    desk.synth(with_body("s3.Bucket(self, 'Notes')"))
    desk.synth(with_body("s3.Bucket(self, 'Others')"))
    assert desk.synth(with_body("s3.Bucket(self, 'Notes')")).cached


def test_every_input_counts(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "table.json"
    elsewhere.write_text("{}")
    asset = tmp_path / "site"
    asset.mkdir()
    (asset / "index.html").write_text("one")
    desk.write("def handler(event, context): ...\n", "handler/app.py")
    source = with_body(
        f"""
        import json, os, pathlib
        from aws_cdk import aws_s3_assets
        json.loads(pathlib.Path({str(elsewhere)!r}).read_text())
        aws_s3_assets.Asset(self, 'Site', path={str(asset)!r})
        s3.Bucket(self, os.environ.get('PREFLIGHT_TEST_NAME', 'Notes'))
        """
    )
    assert not desk.synth(source).cached
    # a file younger than the request could have been read before or after it changed
    for changed in (elsewhere, asset / "index.html"):
        os.utime(changed, (1, 1))
    desk.synth(source)
    assert desk.synth().cached

    desk.write("def handler(event, context): return 1\n", "handler/app.py")
    assert not desk.synth().cached and desk.synth().cached
    elsewhere.write_text('{"a": 1}')
    os.utime(elsewhere, (1, 1))
    assert not desk.synth().cached and desk.synth().cached
    (asset / "index.html").write_text("two")
    os.utime(asset / "index.html", (1, 1))
    assert not desk.synth().cached and desk.synth().cached
    monkeypatch.setenv("PREFLIGHT_TEST_NAME", "Other")
    assert not desk.synthesizer.begin(desk.folder, "Lab1").cached


def test_another_context_is_another_assembly(desk: Desk) -> None:
    desk.synth(with_body("s3.Bucket(self, 'Notes')"))
    assert desk.synth().cached
    (desk.root / "cdk.json").write_text('{"context": {"@aws-cdk/core:bootstrapQualifier": "other"}}')
    try:
        assembly = desk.synth()
    finally:
        (desk.root / "cdk.json").unlink()
    assert not assembly.cached and "cdk-other-assets" in (assembly.directory / "manifest.json").read_text()


def test_broken_code_leaves_nothing_behind(desk: Desk) -> None:
    store = desk.root / ".preflight" / "assemblies"
    before = set(store.iterdir())
    desk.refusal("import aws_cdk\n\nbroken: int = 1 / 0\n")
    assert set(store.iterdir()) == before


def test_an_assembly_in_the_making_is_found_by_nobody(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    room = store.room()
    (room / "assembly").mkdir()
    (room / "assembly" / "Lab1.template.json").write_text("{}")

    assert Store(tmp_path / "store").find("key") is None
    store.close()
    assert not room.exists()


def test_the_store_forgets_what_was_used_longest_ago(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemblies, "MOST_ENTRIES", 3)
    store, code = Store(tmp_path / "store"), tmp_path / "code"
    code.mkdir()
    for number in range(6):
        (code / "stack.py").write_text(str(number))
        room = store.room()
        (room / "assembly").mkdir()
        (room / "assembly" / "t.json").write_text("{}")
        made = {"template": "t.json", "files": [], "environ": {}, "number": number}
        kept = assemblies.Entry(room / "assembly", made, "")
        store.keep(room, "key", since=0, folder=(code, assemblies.folder_digest(code)), entry=kept)
        for age, path in enumerate(sorted((tmp_path / "store").iterdir(), key=lambda p: p.stat().st_mtime)):
            os.utime(path, (age, age))

    left = [json.loads((path / "entry.json").read_text())["made"]["number"] for path in (tmp_path / "store").iterdir()]
    assert sorted(left) == [3, 4, 5]


def test_a_folder_that_cannot_be_written_gives_way_to_a_private_one(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / ".preflight").write_text("in the way")
    (tmp_path / "stack.py").write_text(with_body("s3.Bucket(self, 'Notes')"))

    with Synthesizer(tmp_path) as synthesizer:
        directory = synthesizer.synth(tmp_path, "Lab1").directory
        assert directory.is_dir()
    assert not directory.exists()


def test_the_parent_never_imports_aws_cdk_and_leaves_no_litter(tmp_path: Path) -> None:
    (tmp_path / "stack.py").write_text(HEAD)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    program = dedent(
        """
        import sys
        from pathlib import Path
        from preflight.synth import Synthesizer
        with Synthesizer(Path(sys.argv[1])) as synthesizer:
            synthesizer.synth(Path(sys.argv[1]), "Lab1")
        assert "aws_cdk" not in sys.modules and "jsii" not in sys.modules and "pydantic" not in sys.modules
        """
    )
    environ = os.environ | {"TMPDIR": str(scratch), "PYTHONPATH": str(synth.PROJECT)}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=environ)
    assert not list(scratch.iterdir())


def test_a_child_is_replaced_before_it_grows_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth, "RECYCLE_AFTER", 2)
    with Synthesizer(tmp_path) as synthesizer:
        children = set()
        for number in range(4):
            (tmp_path / "stack.py").write_text(HEAD + f"        s3.Bucket(self, 'B{number}')\n")
            synthesizer.synth(tmp_path, "Lab1")
            assert synthesizer._child is not None
            children.add(synthesizer._child)
        assert len(children) == 2
        assert sum(child.alive() for child in children) == 1


# the words


@given(st.text())
def test_any_words_of_cdk_s_become_one_line(text: str) -> None:
    sentence = cdk_sentence(text)
    assert len(sentence.splitlines()) <= 1 and len(sentence) <= 320


def test_of_many_faults_the_first_is_told() -> None:
    said = "ValidationFailedWithErrors: Validation failed with the following errors:\n  [Lab1/A] One.\n  [Lab1/B] Two."
    assert cdk_sentence(said) == "Lab1/A: One (and 1 more)"


def test_a_slash_in_the_code_is_not_taken_for_the_whole_disk(desk: Desk) -> None:
    source = with_body(
        """
        from aws_cdk import aws_iam as iam
        role = iam.Role(self, 'Role', path='/', assumed_by=iam.ServicePrincipal('lambda.amazonaws.com'))
        cdk.CfnOutput(self, 'Key', value=cdk.Fn.join('/', [role.role_name, 'raw']))
        s3.Bucket(self, 'Notes')
        """
    )
    desk.synth(source)
    assert desk.synth().cached
