"""Published answers are found by words, category and deputy: what the public sees no case for is repeated there."""

import sqlalchemy as sa
from alembic import op

revision = "0015_answers"
down_revision = "0014_beside"

WORDS = "bigrams((title || text) || answer)"


def upgrade() -> None:
    for column, table in (("category_id", "categories"), ("deputy_id", "deputies")):
        op.add_column("publications", sa.Column(column, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_publications_{column}_{table}"), "publications", table, [column], ["id"])
        op.create_index(op.f(f"ix_publications_{column}"), "publications", [column])
    op.execute(
        "UPDATE publications p SET category_id = c.category_id, deputy_id = c.deputy_id"
        " FROM cases c WHERE c.id = p.case_id"
    )
    op.create_index("ix_publications_bigrams", "publications", [sa.literal_column(WORDS)], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("ix_publications_bigrams", table_name="publications", postgresql_using="gin")
    for column in ("deputy_id", "category_id"):
        op.drop_column("publications", column)
