-- Old months of history are dropped: the checks know from where on it is whole.
ALTER TABLE whynow.installation ADD COLUMN history_pruned_to timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN whynow.installation.history_pruned_to IS 'months of history that ended before this may be dropped';
