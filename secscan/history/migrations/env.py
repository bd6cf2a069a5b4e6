"""Runs the migrations on the connection, and in the transaction, that the caller holds."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, render_as_batch=connection.dialect.name == "sqlite", transaction_per_migration=False
)
context.run_migrations()
