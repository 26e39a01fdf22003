"""Photos that the public may see: new pictures with faces and plates covered; the originals stay as they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017_published_photos"
down_revision = "0016_samples"


def upgrade() -> None:
    op.create_table(
        "published_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("boxes", postgresql.JSONB(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("thumb_key", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["publications.case_id"],
            name=op.f("fk_published_photos_case_id_publications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_photos")),
        sa.UniqueConstraint("case_id", "position", name=op.f("uq_published_photos_case_id_position")),
        sa.UniqueConstraint("key", name=op.f("uq_published_photos_key")),
    )
    op.execute("GRANT SELECT ON published_photos TO liaison_auditor")  # whose command looks for altered files


def downgrade() -> None:
    op.drop_table("published_photos")
