-- A hundred thousand segments: every look asks only for what is new, and for the few that are withdrawn or paused.
CREATE INDEX segment_version_published ON whynow.segment_version (published_at);
CREATE INDEX segment_flagged ON whynow.segment (name) WHERE withdrawn_at IS NOT NULL OR paused_at IS NOT NULL;
