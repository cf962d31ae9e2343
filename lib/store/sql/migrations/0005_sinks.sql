-- Sinks are switched off by their receiver (410 Gone) and on again by an operator; what is due is asked for sink by sink, so that no
-- sink's line stands in another's way.
ALTER TABLE whynow.sink ADD COLUMN off_at timestamptz, ADD COLUMN off_why text;
COMMENT ON COLUMN whynow.sink.off_at IS 'since when nothing is sent there: the receiver said that it is gone';
COMMENT ON COLUMN whynow.sink.off_why IS 'what it said';
CREATE INDEX outbox_due_sink ON whynow.outbox (sink, next_at) WHERE state IN ('pending', 'leased') AND step < 0;
DROP INDEX whynow.outbox_due;
