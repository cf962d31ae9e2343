-- SPDX-License-Identifier: MIT
-- What is due for a sink is read in the order of one index, as many rows as are wanted.

CREATE INDEX outbox_due_of_sink ON whynow.outbox (sink, next_at, bucket, gen) WHERE state IN ('pending', 'leased') AND step < 0;
DROP INDEX whynow.outbox_due_sink;
