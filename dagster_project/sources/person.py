"""How sources.yml says whom the rows of a table are about, and what is left of them when that person is erased.

Reads no row and changes none: what an erasure does with this stands in dagster_project/erasure/.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _one_or_several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_one_or_several)]

# What a person is known by, in the words of the contract.
KINDS = ("customer_id", "contact_id", "email", "phone")


class Person(BaseModel):
    """Where rows name a person: columns, or column.path of a value in a column of JSON text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer_id: Columns = Field((), description="Ids of the shop's customers.")
    contact_id: Columns = Field((), description="Ids of the CRM's contacts.")
    email: Columns = ()
    phone: Columns = ()
    via: Mapping[str, str] = Field({}, description="Table whose rows these belong to, and the column with its key.")
    keep: tuple[str, ...] | None = Field(
        None, description="Columns that stay of a row, all others being emptied; default: the row goes."
    )
    requests: bool = Field(False, description="Its rows are requests to be erased.")
    spare: Mapping[str, Columns] = Field({}, description="Values of columns whose rows say nothing of a person.")

    @model_validator(mode="after")
    def _names_a_person(self) -> "Person":
        if not self.columns and not self.via:
            raise ValueError(f"give the columns that name a person ({', '.join(KINDS)} or via), else person: nobody")
        if named := sorted({name for columns in self.columns.values() for name in columns} & {*(self.keep or ())}):
            raise ValueError(f"keep has {named[0]}, which names the person")
        return self

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The columns that name a person, by what they hold; kinds that the table does not have are left out."""
        return {kind: columns for kind in KINDS if (columns := getattr(self, kind))}
