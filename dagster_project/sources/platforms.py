"""Which platforms there are, and what their staging models under dbt/ map: told by the names of the files there.

What a shop's systems are stands in config.py, how a platform's tables become entities in dbt/.
"""

from dagster_project.settings import PROJECT_FOLDER

STAGING_FOLDER = PROJECT_FOLDER / "dbt" / "models" / "staging"
CONTRACT_ROWS = STAGING_FOLDER.parent / "contract" / "rows"
CONTRACT_SHAPE = "contract"  # the platform whose tables are the contract's entities, under their names


def platforms() -> tuple[str, ...]:
    """The platforms, in alphabetical order."""
    return tuple(sorted(folder.name for folder in STAGING_FOLDER.iterdir() if folder.is_dir()))


def platform_entities(platform: str) -> tuple[str, ...]:
    """The contract entities that a platform's staging models provide, in alphabetical order."""
    prefix = f"stg_{platform}__"
    models = (STAGING_FOLDER / platform).glob(f"{prefix}*.sql")
    return tuple(sorted(model.stem.removeprefix(prefix) for model in models))


def contract_entities() -> tuple[str, ...]:
    """The entities of the contract, in alphabetical order."""
    return tuple(sorted(model.stem.removesuffix("_rows") for model in CONTRACT_ROWS.glob("*_rows.sql")))
