"""What an erasure does to the rows of one table, in SQL: one way for landing and for what raw holds already.

Belongs here: which rows are an erased person's, and what is left of them. Does not belong here: files and readers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dagster_project import sql
from dagster_project.erasure.erased import GUEST_EMAIL, REQUEST_PHONE, Erased, hashed
from dagster_project.sources.config import Source, System
from dagster_project.sources.person import Person

IDS = ("customer_id", "contact_id")


@dataclass(frozen=True)
class TableErasure:
    """The rows of a table that name people.

    erased         the list, on the connection that the rows are read on
    system         whose table it is
    shop           the system whose customers its rows name
    key            the column by which its rows are known as a person's: those of other tables belong to them, or they
                   stay when the person goes; None where nobody needs to know them
    request        of requests to be erased, the column that names one: its older versions go with it; else None
    """

    erased: Erased
    person: Person
    system: str
    shop: str
    table: str
    key: str | None
    request: str | None

    @classmethod
    def of(cls, erased: Erased, source: Source, system: System, table: str) -> "TableErasure | None":
        """How an erasure treats a table; None where its rows name nobody."""
        config = system.tables[table]
        person = config.about
        if person is None:
            return None
        is_named = any(table in other.about.via for other in system.tables.values() if other.about)
        key = config.key[0] if len(config.key) == 1 else None
        is_known = is_named or person.keep is not None
        shop = source.shop_of(system) or system.name
        request = key if person.requests else None
        return cls(erased, person, system.name, shop, table, key if is_known else None, request)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tell whose a row is, as their names or with the path into their JSON text."""
        named = [name for columns in self.person.columns.values() for name in columns]
        return (*named, *self.person.via.values(), *self.person.spare, *([self.key] if self.key else []))

    def needed(self, columns: Collection[str]) -> tuple[str, ...]:
        """The columns of a table that has `columns` which tell whose a row is."""
        return tuple(dict.fromkeys(_base(name, columns) for name in self.columns))

    def remaining(self, rows: str, columns: Collection[str]) -> str:
        """A relation of what is left of a relation's rows, in their order. Columns that are not named stay."""
        person, is_theirs = self.person, self._is_theirs(columns)
        if person.keep is None:
            return f"(select * from {rows} where not {is_theirs})"
        values = ", ".join(
            f"case when not _is_theirs then {sql.name(name)} end as {sql.name(name)}" for name in self._emptied(columns)
        )
        return f"""(
            select * exclude (_is_theirs) replace ({values})
            from (select *, {is_theirs} as _is_theirs from {rows})
        )"""

    def affected(self, columns: Collection[str]) -> str:
        """Which rows of a relation with those columns `remaining` changes or leaves out, as a condition."""
        if self.person.keep is None:
            return self._is_theirs(columns)
        says_something = [f"{sql.name(name)} is not null" for name in self._emptied(columns)]
        return f"({self._is_theirs(columns)} and ({' or '.join(says_something)}))"

    def learn(self, rows: str, columns: Collection[str]) -> int:
        """Put the keys of an erased person's rows on the list, so that what hangs on them, and the rows themselves
        however they change, are known as theirs; returns how many."""
        identifier = hashed(f"row of {self.table}", self.system, sql.name(self.key))
        return self.erased.learn(f"select {identifier} from {rows} where {self._is_theirs(columns)}")

    def answer(self, rows: str, columns: Collection[str]) -> None:
        """Take the requests of a relation whose people are listed for answered, in all their versions, but on this
        connection alone: one that is changed later is another request."""
        request = hashed(f"row of {self.table}", self.system, sql.name(self.request))
        self.erased.connection.execute(
            f"insert into answered select {request} from {rows} where {self._is_theirs(columns)}"
        )

    def _emptied(self, columns: Collection[str]) -> Sequence[str]:
        return [name for name in columns if name not in self.person.keep]

    def _is_theirs(self, columns: Collection[str]) -> str:
        """Whether a row names an erased person, in SQL: never NULL. Columns that are not there name nobody.

        A request is theirs only where it names nothing besides: what is not listed yet is asked for anew.
        """
        named = [
            (kind, self.shop if kind == "customer_id" else self.system, name)
            for kind, names in self.person.columns.items()
            for name in names
        ]
        named += [(f"row of {table}", self.system, name) for table, name in self.person.via.items()]
        named += [(f"row of {self.table}", self.system, self.key)] if self.key and not self.person.requests else []
        values = [
            (kind, system, _value(name, columns)) for kind, system, name in named if _base(name, columns) in columns
        ]
        signs = [_is_erased(hashed(kind, system, value)) for kind, system, value in values]
        has_no_id = [_is_no_id(value) for kind, _, value in values if kind in IDS]
        signs += [
            " and ".join([*has_no_id, _is_erased(hashed(GUEST_EMAIL, system, value))])
            for kind, system, value in values
            if kind == "email"
        ]
        spared = [
            f"not coalesce(cast({sql.name(name)} as varchar) in ({', '.join(map(sql.text, texts))}), false)"
            for name, texts in self.person.spare.items()
        ]
        conditions = [f"({' or '.join(signs or ['false'])})", *spared]
        if self.person.requests:
            conditions += [_says_nothing_new(kind, system, value) for kind, system, value in values]
        is_theirs = f"({' and '.join(conditions)})"
        if self.request:
            request = hashed(f"row of {self.table}", self.system, sql.name(self.request))
            is_theirs = f"({is_theirs} or coalesce({request} in (select identifier from answered), false))"
        return is_theirs


def _says_nothing_new(kind: str, system: str, value: str) -> str:
    """Whether an identifier of a request is listed, in whichever way, or none."""
    kinds = {"email": (kind, GUEST_EMAIL), "phone": (kind, REQUEST_PHONE)}.get(kind, (kind,))
    ways = [f"coalesce({hashed(one, system, value)} in (select identifier from erased), true)" for one in kinds]
    return f"({' or '.join([*ways, *([_is_no_id(value)] if kind in IDS else [])])})"


def _is_no_id(value: str) -> str:
    return f"coalesce(cast({value} as varchar), '0') in ('', '0')"


def _is_erased(identifier: str) -> str:
    return f"coalesce({identifier} in (select identifier from erased), false)"


def _base(name: str, columns: Collection[str]) -> str:
    """The column of column.path, unless that is the name of a column."""
    return name if name in columns else name.partition(".")[0]


def _value(name: str, columns: Collection[str]) -> str:
    """What a row says there; text that is no JSON names nobody, and no error quotes it."""
    base = _base(name, columns)
    path, column = name[len(base) + 1 :], sql.name(base)
    if not path:
        return column
    return f"case when json_valid({column}) then json_extract_string({column}, {sql.text('$.' + path)}) end"
