"""A voice is as good as a name: who may not hear it is not shown its row either, whatever a query forgets."""

from alembic import op

revision = "0018_voices"
down_revision = "0017_published_photos"

HEARD = """
    mime NOT LIKE 'audio/%'
    OR (SELECT acting('role')) IN ('system', 'office', 'office_lead', 'deputy', 'resident')
    OR EXISTS (SELECT FROM matters m WHERE m.case_id = attachments.case_id AND m.share_identity)
"""
"""As `services.voices.may_hear`; restrictive, so that it narrows what the wall lets through and opens nothing."""


def upgrade() -> None:
    op.execute(f"CREATE POLICY web_hears ON attachments AS RESTRICTIVE FOR SELECT TO liaison_web USING ({HEARD})")


def downgrade() -> None:
    op.execute("DROP POLICY web_hears ON attachments")
