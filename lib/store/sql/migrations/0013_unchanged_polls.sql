-- A poll that found nothing new has no row of its own in feed_poll: the state tells of it.
ALTER TABLE whynow.feed_state ADD COLUMN counted bigint NOT NULL DEFAULT 0;
UPDATE whynow.feed_state SET counted = version;
COMMENT ON COLUMN whynow.feed_state.counted IS 'version of the newest feed_poll row; polls since then found nothing new';
COMMENT ON TABLE whynow.feed_poll IS 'one row for each poll that found something new or failed, with the fate of every item (local)';
