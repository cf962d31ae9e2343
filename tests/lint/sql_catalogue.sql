-- SPDX-License-Identifier: MIT
-- Lint over the catalogue of a migrated database (design 04): every table of schema whynow that is not in the list of reference
-- and local tables is bucketed, and keeps the rules that let it be distributed. One row a violation, none expected.
WITH t AS (
	SELECT c.oid, c.relname, (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'bucket' AND a.attnotnull AND a.atttypid = 'int2'::regtype) AS b
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'whynow' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	AND c.relname NOT IN ('schema_version', 'installation', 'instance', 'lease', 'feed_state', 'feed_poll', 'feed_gap', 'feed_item', 'outcome_inbox',
		'kind', 'trait', 'feed', 'sink', 'sequence', 'segment', 'segment_version', 'pause', 'fx_rate'))
SELECT 'no NOT NULL smallint bucket: ' || relname AS what FROM t WHERE b IS NULL
UNION ALL SELECT 'unique without bucket: ' || i.indexrelid::regclass FROM t JOIN pg_index i ON i.indrelid = t.oid
	WHERE (i.indisunique OR i.indisexclusion) AND t.b IS NOT NULL AND NOT (t.b = ANY (i.indkey::int2[]))
UNION ALL SELECT 'bucket not checked against a key: ' || t.relname FROM t WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'c'
	AND pg_get_constraintdef(k.oid) ~ 'bucket = .*get_byte.*1023')
UNION ALL SELECT 'FK without bucket: ' || k.conname FROM pg_constraint k JOIN t ON t.oid = k.conrelid AND k.contype = 'f' JOIN t p ON p.oid = k.confrelid
	WHERE NOT (t.b = ANY (k.conkey))
UNION ALL SELECT 'FK reference->bucketed: ' || k.conname FROM pg_constraint k JOIN t p ON p.oid = k.confrelid
	WHERE k.contype = 'f' AND k.conrelid NOT IN (SELECT oid FROM t) AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = k.conrelid AND c.relispartition)
UNION ALL SELECT 'trigger: ' || g.tgname FROM t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
UNION ALL SELECT 'rule: ' || r.rulename FROM t JOIN pg_rewrite r ON r.ev_class = t.oid
UNION ALL SELECT 'identity or serial: ' || a.attrelid::regclass || '.' || a.attname FROM pg_attribute a JOIN t ON t.oid = a.attrelid
	LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
	WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval%')
UNION ALL SELECT 'multi-level partition: ' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'whynow' AND c.relkind = 'p' AND c.relispartition
UNION ALL SELECT 'partitioned by more than a date: ' || t.relname FROM t JOIN pg_partitioned_table p ON p.partrelid = t.oid
	JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = p.partattrs[0] WHERE p.partnatts <> 1 OR p.partstrat <> 'r' OR a.atttypid <> 'date'::regtype
