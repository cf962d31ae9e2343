-- segment apply --migrate: steps that are not planned yet and the exit policy of a campaign follow a newer version.
ALTER TABLE whynow.campaign ADD COLUMN steps jsonb;
COMMENT ON COLUMN whynow.campaign.steps IS 'versions whose sequence and exit policy count instead of its own, each since when: [[version, microseconds since 1970], ...]; null: never migrated';
