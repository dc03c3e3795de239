"""Addresses: tables read from a real S3-compatible server and from a web server, both on this machine."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest
from source_files import read_table, write_files

from dagster_project.sources.config import SourceError


@pytest.fixture(scope="module")
def s3() -> Iterator[object]:
    """A client of an empty S3-compatible server, whose address the environment names."""
    boto3 = pytest.importorskip("boto3", reason="needs moto[s3], flask and flask-cors")
    server_module = pytest.importorskip("moto.server", reason="needs moto[s3], flask and flask-cors")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "key")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3")
        client.create_bucket(Bucket="shop")
        yield client
    server.stop()


def _put(s3, files: dict[str, bytes]) -> None:
    for key, content in files.items():
        s3.put_object(Bucket="shop", Key=key, Body=content)


def test_a_folder_of_a_bucket_is_read_with_its_rejects(s3, tmp_path: Path):
    duckdb.sql("select '3' as id, 'c' as note").write_parquet(str(tmp_path / "c.parquet"))
    files = {
        "in/a b[1]'.csv": b"id,note\n1,a\n2\n",
        "in/b.jsonl": b'{"id": "2", "note": "b"}\nx\n',
        "in/c.parquet": (tmp_path / "c.parquet").read_bytes(),
        "in/readme.md": b"no table",
        "in/below/d.csv": b"id,note\n4,d\n",
    }
    _put(s3, files)
    reading = read_table("s3://shop/in", tmp_path / "home")
    assert sorted(reading.rows) == [("1", "a"), ("2", "b"), ("3", "c")]
    assert reading.rejects == [("a b[1]'.csv", 3, "fields: 1 instead of 2"), ("b.jsonl", 2, "no valid JSON")]
    assert list(reading.files) == ["a b[1]'.csv", "b.jsonl", "c.parquet"]


def test_a_glob_and_a_single_object_are_read(s3, tmp_path: Path):
    _put(s3, {"glob/2025/orders.csv": b"id\n1\n", "glob/2026/orders.csv": b"id\n2\n", "glob/2026/x.csv": b"id\n3\n"})
    reading = read_table("s3://shop/glob/", tmp_path / "home", file="*/orders.csv")
    assert (sorted(reading.rows), list(reading.files)) == ([("1",), ("2",)], ["2025/orders.csv", "2026/orders.csv"])
    assert read_table("s3://shop/glob/2026/x.csv", tmp_path / "home").rows == [("3",)]


def test_the_fingerprint_of_an_object_changes_with_it(s3, tmp_path: Path):
    _put(s3, {"print/a.csv": b"id\n1\n", "print/b.csv": b"id\n2\n"})
    before = read_table("s3://shop/print", tmp_path / "home").files
    _put(s3, {"print/b.csv": b"id\n2\n3\n"})
    after = read_table("s3://shop/print", tmp_path / "home").files
    assert (after["a.csv"] == before["a.csv"], after["b.csv"] == before["b.csv"]) == (True, False)


def test_a_bucket_that_is_not_there_is_told_in_one_sentence(s3, tmp_path: Path):
    with pytest.raises(SourceError) as error:
        read_table("s3://nowhere/in", tmp_path / "home")
    assert str(error.value) == (
        "The system shop cannot be read from s3://nowhere/in: see whether it is there and may be read."
    )


def test_missing_credentials_are_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SourceError, match=r"shop is at s3://, but no credentials are found for it"):
        read_table("s3://shop/in", tmp_path / "home")


def test_an_unknown_kind_of_address_is_told_in_one_sentence(tmp_path: Path):
    with pytest.raises(SourceError) as error:
        read_table("ftp://example.com/in", tmp_path / "home")
    assert str(error.value) == "The system shop is at ftp://, which is none of s3, gs, az, abfss, https, http."


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a web server and the folder that it serves."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    folder = tmp_path / "web"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


def test_a_file_on_the_web_is_read_with_its_rejects(web, tmp_path: Path):
    address, folder = web
    write_files(folder, {"orders.csv": "id,note\n1,a\n2\n"})
    reading = read_table(address, tmp_path / "home", file="orders.csv")
    assert (reading.rows, reading.rejects) == ([("1", "a")], [("orders.csv", 3, "fields: 1 instead of 2")])


def test_the_query_of_an_address_is_in_no_name_and_no_message(web, tmp_path: Path):
    address, folder = web
    write_files(folder, {"orders.csv": "id,note\n1,a\n2\n"})
    reading = read_table(f"{address}/orders.csv?signature=secret", tmp_path / "home")
    assert (reading.rows, list(reading.files)) == ([("1", "a")], ["orders.csv"])
    with pytest.raises(SourceError) as error:
        read_table(f"{address}/missing.csv?signature=secret", tmp_path / "home")
    assert "secret" not in str(error.value)
