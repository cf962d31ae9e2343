-- What snapshot feeds (changes: removed, changed) held when they were last read whole.
CREATE TABLE whynow.feed_item (
	feed text NOT NULL,
	item text NOT NULL,
	content bytea NOT NULL,
	value jsonb NOT NULL,
	seen_at timestamptz NOT NULL,
	missing_at timestamptz,
	CONSTRAINT feed_item_pk PRIMARY KEY (feed, item));
COMMENT ON TABLE whynow.feed_item IS 'items of snapshot feeds as last seen: what tells that one went or changed (local)';
COMMENT ON COLUMN whynow.feed_item.feed IS 'feed';
COMMENT ON COLUMN whynow.feed_item.item IS 'identity of the item';
COMMENT ON COLUMN whynow.feed_item.content IS 'hash of what its signal says';
COMMENT ON COLUMN whynow.feed_item.value IS 'the item as read: what is told when it is gone';
COMMENT ON COLUMN whynow.feed_item.seen_at IS 'start of the newest reading that held it';
COMMENT ON COLUMN whynow.feed_item.missing_at IS 'first whole reading without it; null: it is there';
