"""What guards a PostgreSQL store: triggers, the order of commits, the rights of reviewers. All SQL, no data."""

from __future__ import annotations

from mtop_gui.store.tables import decisions

TAKE_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def lock_name(schema: str, what: object) -> str:
    """Name the lock that writers of `what` take in turn."""
    return f"mtop {schema} {what}"


def append_only(table: str) -> tuple[str, ...]:
    """Make the triggers that refuse UPDATE, DELETE and TRUNCATE, and keep ids in the order of commits.

    The lock is the one `TAKE_LOCK` takes; in a trigger it also binds whoever writes with another program.
    """
    return (
        "CREATE OR REPLACE FUNCTION mtop_append_only() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN "
        "RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = TG_TABLE_NAME || ' are append-only'; "
        "END $body$",
        "CREATE OR REPLACE FUNCTION mtop_in_order() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN "
        "PERFORM pg_advisory_xact_lock(hashtextextended('mtop ' || TG_TABLE_SCHEMA || ' ' || TG_TABLE_NAME, 0)); "
        "RETURN NULL; END $body$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION mtop_append_only()",
        f"CREATE TRIGGER {table}_in_order BEFORE INSERT ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION mtop_in_order()",
    )


def lift_append_only(table: str) -> tuple[str, ...]:
    """Drop those triggers."""
    return (f"DROP TRIGGER {table}_append_only ON {table}", f"DROP TRIGGER {table}_in_order ON {table}")


OWN_RETRACTIONS = (
    "CREATE OR REPLACE FUNCTION mtop_own_retractions() RETURNS trigger LANGUAGE plpgsql "
    "SET search_path FROM CURRENT AS $body$ BEGIN "
    "IF NEW.retracts IS NOT NULL AND NOT EXISTS (SELECT 1 FROM decisions AS own WHERE own.id = NEW.retracts "
    "AND own.reviewer = NEW.reviewer AND own.content_hash = NEW.content_hash) THEN "
    "RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'only own decisions can be taken back'; "
    "END IF; RETURN NEW; END $body$",
    "CREATE TRIGGER decisions_own_retractions BEFORE INSERT ON decisions "
    "FOR EACH ROW EXECUTE FUNCTION mtop_own_retractions()",
)


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def group_role(database: str, schema: str) -> str:
    """Name the role that all reviewers of a store are members of; roles are shared by a server's databases."""
    return f"{schema}_reviewers_of_{database}"[:63]


def team_rights(database: str, schema: str) -> tuple[str, ...]:
    """Give the statements that make the reviewers' role: it inserts Decisions, and changes or removes none.

    Of a Decision it may set every column but the id, which says when it was recorded.
    """
    role, within = quoted(group_role(database, schema)), quoted(schema)
    literal = group_role(database, schema).replace("'", "''")
    columns = ", ".join(quoted(column.name) for column in decisions.columns if column.name != "id")
    return (
        f"DO $body$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{literal}') "
        f"THEN CREATE ROLE {role} NOLOGIN; END IF; END $body$",
        f"REVOKE ALL ON SCHEMA {within} FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {within} FROM PUBLIC, {role}",
        f"GRANT CONNECT ON DATABASE {quoted(database)} TO {role}",
        f"GRANT USAGE ON SCHEMA {within} TO {role}",
        f"GRANT SELECT, INSERT ({columns}) ON {within}.decisions TO {role}",
        f"GRANT SELECT ON {within}.assignments, {within}.alembic_version TO {role}",
        f"GRANT SELECT, INSERT ON {within}.exchange_files TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {within}.predictions, {within}.grids, {within}.files TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {within} TO {role}",
    )
