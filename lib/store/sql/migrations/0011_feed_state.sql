-- What nobody read any more: the plain rate of a feed; its rhythm (in extra) took its place.
ALTER TABLE whynow.feed_state DROP COLUMN rate_at, DROP COLUMN rate, DROP COLUMN weight;
