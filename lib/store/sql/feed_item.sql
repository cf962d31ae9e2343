-- Items of snapshot feeds. Local table. class: local

-- name: feed_items
SELECT item, content, value, seen_at, missing_at FROM whynow.feed_item WHERE feed = $1 ORDER BY item COLLATE "C"

-- name: feed_item_put
INSERT INTO whynow.feed_item AS t (feed, item, content, value, seen_at) VALUES /*rows*/($1, $2, $3, $4, $5)/*end*/
ON CONFLICT (feed, item) DO UPDATE SET content = excluded.content, value = excluded.value, seen_at = excluded.seen_at, missing_at = NULL

-- name: feed_item_missing
UPDATE whynow.feed_item SET missing_at = $3 WHERE feed = $1 AND item = ANY ($2::text[]) AND missing_at IS NULL

-- name: feed_item_forget
DELETE FROM whynow.feed_item WHERE feed = $1 AND ($2::text[] IS NULL OR item = ANY ($2::text[]))
