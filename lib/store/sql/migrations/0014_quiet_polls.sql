-- Most polls bring nothing, and teach three numbers: they have columns, so that what else is remembered need not be written anew each time.
ALTER TABLE whynow.feed_state ADD COLUMN seen_at timestamptz, ADD COLUMN came float8 NOT NULL DEFAULT 0, ADD COLUMN due float8 NOT NULL DEFAULT 0;
COMMENT ON COLUMN whynow.feed_state.seen_at IS 'the last poll that the rhythm (in extra) learned of; null: as extra says';
COMMENT ON COLUMN whynow.feed_state.came IS 'items of the days before seen_at, decayed';
COMMENT ON COLUMN whynow.feed_state.due IS 'items that the rhythm expected in the days before seen_at, decayed';
