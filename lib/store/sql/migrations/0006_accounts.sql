-- Whose is it: what a link rests on, listed names by their near keys, and what became of a review.
ALTER TABLE whynow.sighting ADD COLUMN link text, ADD COLUMN confidence double precision, ADD COLUMN link_evidence text;
COMMENT ON COLUMN whynow.sighting.link IS 'how its account was found: domain | alias | name | country | form | parent | mention | learned | near | provisional | created | person | review';
COMMENT ON COLUMN whynow.sighting.confidence IS 'in that link, 0..1';
COMMENT ON COLUMN whynow.sighting.link_evidence IS 'what decided, where it is not the name or domain itself';
CREATE TABLE whynow.name_near (
	bucket smallint NOT NULL,
	near_id uuid NOT NULL,
	name text NOT NULL,
	CONSTRAINT name_near_pk PRIMARY KEY (bucket, near_id, name),
	CONSTRAINT name_near_bucket CHECK (bucket = ((get_byte(uuid_send(near_id), 0) << 8 | get_byte(uuid_send(near_id), 1)) & 1023)));
COMMENT ON TABLE whynow.name_near IS 'pieces and words of listed names, to find a name that is one letter away (bucketed by piece); only spellings: whose they are says account_alias';
COMMENT ON COLUMN whynow.name_near.bucket IS 'first two bytes of near_id & 1023';
COMMENT ON COLUMN whynow.name_near.near_id IS 'hash of a piece of the name, or of one of its words';
COMMENT ON COLUMN whynow.name_near.name IS 'the normalised name, or the word';
ALTER TABLE whynow.account_review ADD COLUMN name_key text, ADD COLUMN verdict text, ADD COLUMN by_whom text;
COMMENT ON COLUMN whynow.account_review.name_key IS 'normalised name without blanks: what one answer answers for';
COMMENT ON COLUMN whynow.account_review.verdict IS 'linked | made | dropped; null: waits';
COMMENT ON COLUMN whynow.account_review.by_whom IS 'who said so';
CREATE INDEX account_review_name ON whynow.account_review (name_key) WHERE resolved_at IS NULL;
-- Names of an import are added to the index for likeness in one go, by vacuum: a list of theirs is cheap to read, adding each is not.
ALTER INDEX IF EXISTS whynow.account_by_likeness SET (gin_pending_list_limit = 65536);
