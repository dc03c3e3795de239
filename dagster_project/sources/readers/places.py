"""Where files lie: a folder or file of this machine, or an address in an object store. Finds them and brings them here.

What is in a file, and by what ending it is known, does not belong here.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import duckdb

from dagster_project import sql
from dagster_project.attach import load_extension
from dagster_project.sources.config import SourceError
from dagster_project.sources.readers.content import literal

# Kinds of addresses, each with DuckDB's extensions for it and its kind of secret.
STORES = {
    "s3": (("httpfs", "aws"), "s3"),
    "gs": (("httpfs", "aws"), "gcs"),
    "az": (("azure",), "azure"),
    "abfss": (("azure",), "azure"),
    "https": (("httpfs",), None),
    "http": (("httpfs",), None),
}


class Place(Protocol):
    """Where the files of a system lie."""

    def find(self, pattern: str | None, is_known: Callable[[str], bool]) -> Mapping[str, str]:
        """Names and paths, in the order of names, of the files that a pattern below the place names.

        Without a pattern, or where it names a folder: those directly in it whose names are known.
        """
        ...

    def fingerprints(self, paths: Sequence[str]) -> Sequence[str]:
        """For each path what changes with the file; empty where that cannot be told without reading it."""
        ...

    def bring(self, path: str, copy: Callable[[str], Path]) -> str:
        """The path of a file on this machine."""
        ...


@dataclass(frozen=True)
class LocalPlace:
    """A folder or a file of this machine."""

    path: Path

    def find(self, pattern: str | None, is_known: Callable[[str], bool]) -> Mapping[str, str]:
        folder = self.path if self.path.is_dir() else self.path.parent
        named = self.path / (pattern or "")
        if named.is_file():
            found = [named]
        elif named.is_dir():
            found = [path for path in named.iterdir() if is_known(path.name) and not _is_hidden(path.name)]
        else:
            found = [self.path / name for name in glob(pattern, root_dir=self.path, recursive=True)]
        return {os.path.relpath(path, folder): str(path) for path in sorted(found) if path.is_file()}

    def fingerprints(self, paths: Sequence[str]) -> Sequence[str]:
        states = [os.stat(path) for path in paths]
        return [f"{state.st_size}-{state.st_mtime_ns}" for state in states]

    def bring(self, path: str, copy: Callable[[str], Path]) -> str:
        return path


@dataclass(frozen=True)
class ObjectStore:
    """An address in an object store, or on the web where nothing can be listed."""

    system: str
    address: str
    connection: duckdb.DuckDBPyConnection

    @classmethod
    def connect(cls, system: str, address: str, connection: duckdb.DuckDBPyConnection) -> "ObjectStore":
        """Load what the kind of address needs; credentials are those that the store's own tools would find.

        Raises SourceError where the kind is unknown or there are no credentials.
        """
        kind = urlsplit(address).scheme
        if kind not in STORES:
            raise SourceError(f"The system {system} is at {kind}://, which is none of {', '.join(STORES)}.")
        extensions, secret = STORES[kind]
        for extension in extensions:
            load_extension(connection, extension)
        if secret:
            try:
                connection.execute(f"create secret (type {secret}, {_credentials(secret)})")
            except duckdb.Error:
                raise SourceError(
                    f"The system {system} is at {kind}://, but no credentials are found for it in the environment."
                ) from None
        return cls(system, address, connection)

    def find(self, pattern: str | None, is_known: Callable[[str], bool]) -> Mapping[str, str]:
        folder = self.address.rstrip("/") + "/"
        named = folder + pattern if pattern else self.address
        plain = urlsplit(named)._replace(query="").geturl()
        if self._is_listed:
            is_folder = not pattern and not is_known(plain)
            found = self._query("select file from glob($1)", [folder + "*" if is_folder else named])
            found = [path for (path,) in found if not is_folder or is_known(path)]
        else:
            found = [named]
        return {_below(folder, path): path for path in sorted(found) if not _is_hidden(_below(folder, path))}

    def fingerprints(self, paths: Sequence[str]) -> Sequence[str]:
        found = self._query(
            "select filename, concat_ws('-', size, epoch_us(last_modified)) from read_blob($1)",
            [[literal(path) for path in paths]],
        )
        return list(map(dict(found).__getitem__, paths))

    def bring(self, path: str, copy: Callable[[str], Path]) -> str:
        target = copy(Path(urlsplit(path).path).suffix)
        content = f"select content from read_blob({sql.text(literal(path))})"
        self._query(f"copy ({content}) to {sql.text(target)} (format blob)")
        return str(target)

    @property
    def _is_listed(self) -> bool:
        return STORES[urlsplit(self.address).scheme][1] is not None

    def _query(self, query: str, parameters: Sequence[object] = ()) -> Sequence[tuple]:
        try:
            return self.connection.cursor().execute(query, parameters).fetchall()
        except duckdb.Error:
            place = urlsplit(self.address)._replace(query="", netloc=urlsplit(self.address).hostname or "").geturl()
            raise SourceError(
                f"The system {self.system} cannot be read from {place}: see whether it is there and may be read."
            ) from None


def _credentials(secret: str) -> str:
    """Where credentials come from: the chain that the store's own tools follow, with their variables that DuckDB does
    not read by itself."""
    if secret == "azure" and (address := os.environ.get("AZURE_STORAGE_CONNECTION_STRING")):
        return f"connection_string {sql.text(address)}"
    options = ["provider credential_chain"]
    if secret == "azure" and (account := os.environ.get("AZURE_STORAGE_ACCOUNT")):
        options.append(f"account_name {sql.text(account)}")
    if secret == "s3" and (endpoint := os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")):
        address = urlsplit(endpoint)
        use_ssl = str(address.scheme == "https").lower()
        options += [f"endpoint {sql.text(address.netloc)}", f"use_ssl {use_ssl}", "url_style 'path'"]
    return ", ".join(options)


def _below(folder: str, path: str) -> str:
    """What messages call a file: its path below the folder, without a query, which may hold a key."""
    plain = urlsplit(path)
    return path.removeprefix(folder) if path.startswith(folder) else plain.path.rsplit("/", 1)[-1]


def _is_hidden(name: str) -> bool:
    """Files that other programs keep beside their own, such as Excel's locks."""
    return name.startswith((".", "~$"))
